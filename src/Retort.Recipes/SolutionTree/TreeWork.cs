namespace Retort.Recipes.SolutionTree;

/// <summary>What a run does: conditions and control worlds, each with its seeds.</summary>
internal sealed record TreeWork(
    IReadOnlyList<(TreeCondition Condition, IReadOnlyList<ulong> Seeds)> Conditions,
    IReadOnlyList<(TreeWorld World, IReadOnlyList<ulong> Seeds)> Controls)
{
    /// <summary>What some claims need, and what belongs beside it.</summary>
    public static TreeWork Of(TreeSettings settings, TreeConditions all, IReadOnlyList<string> claims)
    {
        var (needed, controls) = (claims.SelectMany(all.Of).ToHashSet(), claims.SelectMany(all.ControlsOf).ToHashSet());
        ulong[] side = [.. settings.Seeds.Intersect(settings.SideSeeds)];
        return new(
            [.. all.All.Where(needed.Contains).Select(condition => (Condition: condition, Seeds: condition.IsSide ? side : settings.Seeds))
                .Where(item => item.Seeds.Count > 0)],
            [.. all.Worlds.Where(controls.Contains).Select(world => (world, settings.Seeds))]);
    }

    /// <summary>The worlds that are pretrained in.</summary>
    public IEnumerable<TreeWorld> Worlds => Conditions.Select(item => item.Condition.World).Concat(Controls.Select(item => item.World)).Distinct();

    /// <summary>Seeds that a world is pretrained for.</summary>
    public IReadOnlyList<ulong> SeedsOf(TreeWorld world) =>
        [.. Conditions.Where(item => item.Condition.World == world).SelectMany(item => item.Seeds)
            .Concat(Controls.Where(item => item.World == world).SelectMany(item => item.Seeds)).Distinct()];

    /// <summary>Conditions and worlds whose files are there for all their seeds.</summary>
    /// <param name="isThere">Says it of a name that files have.</param>
    public TreeWork Where(Func<string, bool> isThere) => new(
        [.. Conditions.Where(item => item.Seeds.All(seed =>
            isThere(TreeRunner.NameOf(item.Condition, seed)) && isThere(TreeRunner.NameOf(item.Condition.World, seed))))],
        [.. Controls.Where(item => item.Seeds.All(seed => isThere(TreeRunner.NameOf(item.World, seed))))]);
}
