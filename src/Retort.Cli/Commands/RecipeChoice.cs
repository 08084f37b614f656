using Retort.Core;
using Retort.Recipes;

namespace Retort.Cli.Commands;

/// <summary>Names on the command line to recipes and presets, with the nearest valid one in the error.</summary>
internal static class RecipeChoice
{
    private const string UsualPreset = "quick";

    public static IRecipe Recipe(CliHost host, string command, string name)
    {
        var names = host.Recipes.Select(recipe => recipe.Name).ToList();
        if (names.Count == 0)
        {
            throw UserError.Request(command, $"unknown recipe '{name}': no recipe is in this build");
        }

        return host.Recipes.FirstOrDefault(recipe => recipe.Name == name)
            ?? throw UserError.Request(command, $"unknown recipe '{name}'", OneOf(names), NearestName.Of(name, names));
    }

    /// <summary>The asked preset's name; "quick", or else the recipe's first, if none is asked.</summary>
    public static string Preset(IRecipe recipe, string command, string? name)
    {
        var names = recipe.Presets.Select(preset => preset.Name).ToList();
        name ??= names.Contains(UsualPreset) ? UsualPreset : names[0];
        return names.Contains(name)
            ? name
            : throw UserError.Request($"{command} {recipe.Name}", $"unknown preset '{name}'", OneOf(names), NearestName.Of(name, names));
    }

    private static string OneOf(List<string> names) => "one of " + string.Join(", ", names);
}
