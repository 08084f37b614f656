using System.CommandLine;
using System.CommandLine.Parsing;
using Retort.Core;

namespace Retort.Cli;

/// <summary>What is wrong with a command line, in the words of every other error: where, what, expected, nearest.</summary>
internal static class ParseComplaint
{
    /// <summary>The complaint, or null if the command line is right.</summary>
    public static string? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var where = command is RootCommand ? "" : PathOf(command) + ": ";
        if ((parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : MistypedOption(parsed)) is not { } word)
        {
            return parsed.Errors.Count > 0 ? where + OfError(parsed.Errors[0], command)
                : EmptyPath(parsed) is { } name ? $"{name}: is empty; expected a path" : null;
        }

        if (word.StartsWith('-'))
        {
            var options = command.Options.Where(option => !option.Hidden).Select(option => option.Name).ToList();
            return where + Phrase($"unknown option '{word}'", options, NearestName.Of(word.Split('=')[0], options));
        }

        if (command.Subcommands.Count > 0)
        {
            var commands = command.Subcommands.Select(inner => inner.Name).ToList();
            return where + Phrase($"unknown command '{word}'", commands, NearestName.Of(word, commands));
        }

        return where + $"'{word}' is one word too many; expected {Usage(command)}";
    }

    private static string OfError(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0 } empty when empty.Option.Arity.MinimumNumberOfValues > 0 =>
            $"{empty.Option.Name} has no value; expected {empty.Option.Name} {empty.Option.HelpName}",
        OptionResult few when few.Tokens.Count < few.Option.Arity.MinimumNumberOfValues =>
            $"{few.Option.Name} has {few.Tokens.Count} of {few.Option.Arity.MinimumNumberOfValues} values; expected {few.Option.Name} {few.Option.HelpName}",
        ArgumentResult { Tokens.Count: 0, Argument: var missing } => $"{missing.HelpName ?? missing.Name} is missing; expected {Usage(command)}",
        CommandResult { Command.Subcommands.Count: > 0 } => $"no command is given; expected one of {Names(command.Subcommands)}",
        _ => error.Message.TrimEnd('.').ReplaceLineEndings(" "),
    };

    /// <summary>A word with dashes that was taken for an argument: no argument of ours begins so, save after "--".</summary>
    private static string? MistypedOption(ParseResult parsed) =>
        parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash)
            ? null
            : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
                .FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal))?.Value;

    /// <summary>The option or argument that names a file or folder by an empty word.</summary>
    private static string? EmptyPath(ParseResult parsed) => parsed.CommandResult.Children
        .Where(result => result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        .Select(result => result switch
        {
            OptionResult { Option: { HelpName: "PATH" or "FILE" or "DIR" or "FOLDER" or "BEFORE AFTER" } option } => option.Name,
            ArgumentResult { Argument.HelpName: "RUN" } => "RUN",
            _ => null,
        })
        .FirstOrDefault(name => name is not null);

    private static string Names(IEnumerable<Command> commands) => string.Join(", ", commands.Select(command => command.Name));

    private static string Phrase(string what, List<string> choices, string? nearest) =>
        $"{what}; expected one of {string.Join(", ", choices)}" + (nearest is null ? "" : $"; did you mean '{nearest}'?");

    /// <summary>Its name after those of the commands that it is part of.</summary>
    private static string PathOf(Command command) =>
        command.Parents.FirstOrDefault() is Command outer and not RootCommand ? $"{PathOf(outer)} {command.Name}" : command.Name;

    private static string Usage(Command command) =>
        string.Join(' ', ["retort", PathOf(command), .. command.Arguments.Select(argument => argument.HelpName ?? argument.Name.ToUpperInvariant()), "[options]"]);
}
