using Retort.Tasks.Answers;

namespace Retort.Tasks.Tests.Answers;

public sealed class StepsTests
{
    private const string Ducks = "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe makes 9 * 2 = $<<9*2=18>>18.\n#### 18";

    [Fact]
    public void Steps_become_one_expression_of_the_problems_numbers()
    {
        var steps = CalculatorSteps.Read(Ducks);

        Assert.Equal((2, true), (steps.Count, steps.AreRight));
        Assert.Equal(Expression.TryParse("(16-3-4)*2")!.Canonical(), steps.Plan);
        Assert.Equal(steps.Plan, CalculatorSteps.Read("<<3+4=7>> <<16-7=9>> <<2*9=18>>").Plan);
    }

    [Fact]
    public void A_slip_of_arithmetic_changes_no_plan()
    {
        var steps = CalculatorSteps.Read("<<3+4=8>> <<16-8=8>> <<2*8=16>>");

        Assert.Equal(CalculatorSteps.Read(Ducks).Plan, steps.Plan);
        Assert.False(steps.AreRight);
    }

    [Fact]
    public void The_latest_step_with_a_result_is_meant() =>
        Assert.Equal(
            Expression.TryParse("(5+1)*2")!.Canonical(), CalculatorSteps.Read("<<2*3=6>> <<5+1=6>> <<6*2=12>>").Plan);

    [Theory]
    [InlineData("1/3=0.33", true)]
    [InlineData("2/3=0.66", true)]
    [InlineData("2/3=0.67", true)]
    [InlineData("2/3=0.68", false)]
    [InlineData("2/3=0.7", false)]
    [InlineData("19.5*(1/4)=5", false)]
    [InlineData("1.87*9=16.830000000000002", true)]
    [InlineData("210/0.14285714285714285=1470.0", true)]
    [InlineData("10*2/5=2.0*2=4", true)]
    [InlineData("10*2/5=2.0=4", false)]
    [InlineData("x+56=86", false)]
    [InlineData("83.3", false)]
    [InlineData("1/0=0", false)]
    [InlineData("=5", false)]
    [InlineData("5=", false)]
    public void Steps_are_recomputed(string step, bool isRight) => Assert.Equal(isRight, CalculatorSteps.Read($"a <<{step}>> b").AreRight);

    [Fact]
    public void Without_steps_nothing_is_said()
    {
        Assert.Equal(new CalculatorSteps(0, null, null), CalculatorSteps.Read("A: 5"));
        Assert.Equal(new CalculatorSteps(0, null, null), CalculatorSteps.Read("<<1+1=2"));
        Assert.Null(CalculatorSteps.Read("<<1+1=2>> <<x=2>>").Plan);
    }

    private const string Solved = "Steps:\n10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 6 30)\n30 - 6 = 24 (left: 24)\nAnswer: 5 * (10 - 4) - 6 = 24";

    [Fact]
    public void A_right_solution_is_right_in_every_way()
    {
        var grade = Game24.Grade([4, 5, 6, 10], Solved);

        Assert.Equal((true, true, true), (grade.Verdict.Correct, grade.Plan, grade.Execute));
        Assert.Equal(Expression.TryParse("(10-4)*5-6")!.Canonical(), grade.Verdict.Answer);
    }

    [Theory]
    [InlineData("5 * (10 - 4) - 6 = 24", true)]
    [InlineData("(10 - 4) * 5 - 6", true)]
    [InlineData("-6 + 5 * (10 - 4) = 24", true)]
    [InlineData("5 * (10 - 4) - 6 = 25", true)] // What it says it comes to does not matter.
    [InlineData("4 * 6 = 24", false)]
    [InlineData("4 * 6 + 5 - 5 = 24", false)]
    [InlineData("4 + 5 + 6 + 10 = 24", false)]
    [InlineData("4 * 6 * (10 - 5) / 5 = 24", false)]
    [InlineData("24", false)]
    [InlineData("There is no solution.", false)]
    public void An_answer_uses_every_number_once_and_is_24(string answer, bool correct) =>
        Assert.Equal(correct, Game24.Grade([4, 5, 6, 10], $"Answer: {answer}").Verdict.Correct);

    [Fact]
    public void Fractions_are_exact() => Assert.True(Game24.Grade([3, 3, 8, 8], "Answer: 8 / (3 - 8 / 3) = 24").Verdict.Correct);

    [Theory]
    [InlineData("10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 31 (left: 6 31)\n31 - 6 = 24 (left: 24)", true, false)] // Two slips, the right operations.
    [InlineData("10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 30)\n30 - 6 = 24 (left: 24)", true, false)] // A number is missing in a list.
    [InlineData("10 + 4 = 14 (left: 5 6 14)\n5 + 6 = 11 (left: 11 14)\n14 + 11 = 25 (left: 25)", false, true)] // Not 24.
    [InlineData("10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 6 30)", false, true)] // Ends too early.
    [InlineData("4 * 6 = 24 (left: 5 10 24)\n10 - 10 = 0 (left: 24)", false, false)] // Takes what is not there.
    [InlineData("10 ? 4 = 6 (left: 5 6 6)", false, false)]
    [InlineData("10 / 0 = 6 (left: 5 6 6)", false, false)]
    public void Plan_and_execution_are_told_apart(string steps, bool plan, bool execute)
    {
        var grade = Game24.Grade([4, 5, 6, 10], $"Steps:\n{steps}\nAnswer: none");

        Assert.Equal((plan, execute), (grade.Plan, grade.Execute!.Value));
        Assert.Null(grade.Verdict.Answer);
    }

    [Fact]
    public void Without_steps_there_is_no_plan_and_nothing_was_executed()
    {
        var grade = Game24.Grade([4, 5, 6, 10], "Answer: 5 * (10 - 4) - 6 = 24");

        Assert.Equal((true, false, null), (grade.Verdict.Correct, grade.Plan, grade.Execute));
    }
}
