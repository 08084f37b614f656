using System.CommandLine;
using Retort.Core;
using Retort.Recipes;

namespace Retort.Cli.Commands;

/// <summary><c>retort list [RECIPE]</c>: the recipes, or one recipe's presets and settings.</summary>
internal sealed class ListCommand : Command
{
    private readonly CliHost host;
    private readonly Argument<string?> recipe = new("recipe")
    {
        HelpName = "RECIPE",
        Description = "Show this recipe's presets and every setting with its default, unit and meaning.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> preset = new("--preset") { HelpName = "NAME", Description = "Whose defaults to show. [default: quick]" };
    private readonly Option<bool> json = new("--json") { Description = "Print JSON." };

    public ListCommand(CliHost host)
        : base("list", "List the recipes, or one recipe's presets and settings.")
    {
        this.host = host;
        Arguments.Add(recipe);
        Options.Add(preset);
        Options.Add(json);
        SetAction(Invoke);
    }

    private int Invoke(ParseResult parsed)
    {
        if (parsed.GetValue(recipe) is { } name)
        {
            var found = RecipeChoice.Recipe(host, Name, name);
            ListOne(found, RecipeChoice.Preset(found, Name, parsed.GetValue(preset)), parsed.GetValue(json));
        }
        else if (parsed.GetValue(preset) is not null)
        {
            throw UserError.Request("list", "--preset without a recipe", "retort list RECIPE --preset NAME");
        }
        else
        {
            ListAll(parsed.GetValue(json));
        }

        return 0;
    }

    private void ListAll(bool asJson)
    {
        if (asJson)
        {
            host.Output.WriteLine(JsonText.Of(host.Recipes.Select(item => new { item.Name, item.Summary, item.Presets })));
            return;
        }

        if (host.Recipes.Count == 0)
        {
            host.Error.WriteLine("No recipe is in this build.");
            return;
        }

        TextTable.Write(host.Output, host.Width,
            [.. host.Recipes.Select(item => (string[])[item.Name, string.Join(' ', item.Presets.Select(preset => preset.Name)), item.Summary])]);
    }

    private void ListOne(IRecipe item, string presetName, bool asJson)
    {
        var settings = item.Settings(presetName);
        if (asJson)
        {
            host.Output.WriteLine(JsonText.Of(new { item.Name, item.Summary, item.Presets, Preset = presetName, Settings = settings }));
            return;
        }

        host.Output.WriteLine($"{item.Name}: {item.Summary}\n\nPresets (--preset):");
        TextTable.Write(host.Output, host.Width, [.. item.Presets.Select(preset => (string[])["  " + preset.Name, preset.Summary])]);
        host.Output.WriteLine($"\nSettings of {presetName} (--set PATH=VALUE):");
        TextTable.Write(host.Output, host.Width,
            [.. settings.Select(option => (string[])[$"  {option.Path}", option.Value, option.Unit ?? "", option.Doc])]);
    }
}
