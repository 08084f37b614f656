namespace Retort.Cli.Diagnosis;

/// <summary>How much a finding matters.</summary>
internal enum FindingState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Works, with less.</summary>
    Note,

    /// <summary>Runs would fail.</summary>
    Bad,
}

/// <summary>One thing examined; advice where something can be done.</summary>
internal sealed record Finding(string Subject, string Value, FindingState State = FindingState.Ok, string? Advice = null);
