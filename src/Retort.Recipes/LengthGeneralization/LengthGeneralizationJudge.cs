using Retort.Recipes.Report;

namespace Retort.Recipes.LengthGeneralization;

/// <summary>From evidence to verdicts: the quantities that the claims' rules name, and nothing else.</summary>
internal static class LengthGeneralizationJudge
{
    /// <summary>Judges a claim whose models were all made.</summary>
    public static ClaimResult Judge(Claim claim, Evidence evidence)
    {
        var (parity, variables) = (evidence.StudyOf(Study.Parity), evidence.StudyOf(Study.Variables));
        return claim.Id switch
        {
            "B4" => OverStandard(claim, evidence, parity, Scheme.Coupled, ModelKind.Standard),
            "B5" => claim.Judge(
                [evidence.Of(NameOf(variables, Scheme.Predictive), variables.Judged, Evidence.Exact)],
                [evidence.LowestInRange(NameOf(variables, Scheme.Predictive))]),
            "B6" => OverStandard(claim, evidence, parity, Scheme.Predictive, ModelKind.Standard),
            _ => OverStandard(claim, evidence, variables, Scheme.Predictive, ModelKind.StandardOfVariables),
        };
    }

    private static ClaimResult OverStandard(Claim claim, Evidence evidence, Study study, Scheme scheme, Scheme[] standard)
    {
        string[] others = [.. standard.Select(other => NameOf(study, other))];
        return claim.Judge(
            [evidence.OverBest(NameOf(study, scheme), others, study.Judged)], [evidence.LowestInRange([NameOf(study, scheme), .. others])]);
    }

    private static string NameOf(Study study, Scheme scheme) => new ModelKind(study.Name, scheme).Name;
}
