namespace Retort.Recipes;

/// <summary>The recipes of this build, in the order <c>retort list</c> shows them.</summary>
public static class RecipeRegistry
{
    /// <summary>Add a recipe here and every command knows it.</summary>
    public static IReadOnlyList<IRecipe> All { get; } =
    [
        new SolutionTree.SolutionTreeRecipe(), new GraphConnectivity.GraphConnectivityRecipe(), new EchoChamber.EchoChamberRecipe(), new Backtracking.BacktrackingRecipe(), new LengthGeneralization.LengthGeneralizationRecipe(),
        new Trail.TrailRecipe(),
    ];
}
