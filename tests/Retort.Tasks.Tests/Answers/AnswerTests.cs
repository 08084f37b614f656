using Retort.Tasks.Answers;

namespace Retort.Tasks.Tests.Answers;

public sealed class AnswerTests
{
    [Theory]
    [InlineData("18", "18")]
    [InlineData("18.", "18")]
    [InlineData("$1,234.50", "2469/2")]
    [InlineData("65,960 dollars", "65960")]
    [InlineData("-3", "-3")]
    [InlineData("-$5", "-5")]
    [InlineData("$-5", "-5")]
    [InlineData("−3.5 degrees", "-7/2")]
    [InlineData("3/4 cup", "3/4")]
    [InlineData("3 / 4", "3/4")]
    [InlineData("-3/4", "-3/4")]
    [InlineData("2 1/2", "5/2")]
    [InlineData("2½ cups", "5/2")]
    [InlineData("-2 1/2", "-5/2")]
    [InlineData("\\frac{3}{4}", "3/4")]
    [InlineData("-\\dfrac{1}{2}", "-1/2")]
    [InlineData("5 * 3 = 15", "15")]
    [InlineData("she has 7 eggs and 2 hens", "7")]
    [InlineData("10 - 3", "10")]
    [InlineData("CO2 is 5", "5")]
    [InlineData("1/0", "1")]
    [InlineData(".5", "1/2")]
    [InlineData("1,2", "1")]
    public void Numbers_are_read_as_people_write_them(string text, string value) => Assert.Equal(value, NumberText.FirstIn(text)!.Value.Value.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("H2O")]
    [InlineData("18 =")]
    public void No_number_is_no_number(string text) => Assert.Null(NumberText.FirstIn(text));

    [Fact]
    public void The_last_number_is_the_last() => Assert.Equal("1/2", NumberText.LastIn("first 3, then 1/2 of it")!.Value.Value.ToString());

    [Theory]
    [InlineData("some steps\n#### 42", "42")]
    [InlineData("#### 41\n#### 42\nmore", "42")]
    [InlineData("so it is \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}")]
    [InlineData("\\boxed{1} or \\boxed{2}", "2")]
    [InlineData("She makes $18\nA: 18", "18")]
    [InlineData("Answer: (6 - 4) * 5 = 24", "(6 - 4) * 5 = 24")]
    [InlineData("The answer is: 7.", "7")]
    [InlineData("The ANSWER IS 7", "7")]
    [InlineData("\\boxed{5} #### 6", "6")]
    public void Answers_are_found_behind_their_marks(string text, string answer) => Assert.Equal(answer, AnswerText.Find(text));

    [Theory]
    [InlineData("42")]
    [InlineData("####")]
    [InlineData("\\boxed{42")]
    [InlineData("soda: 3")]
    [InlineData("")]
    public void Without_a_mark_there_is_no_marked_answer(string text) => Assert.Null(AnswerText.Find(text));

    [Theory]
    [InlineData("18", "A: 18", true)]
    [InlineData("#### 18", "so \\boxed{18.0}", true)]
    [InlineData("steps: 3 + 4\n#### 7", "#### 7 eggs", true)]
    [InlineData("7", "3 + 4 is 7", true)]
    [InlineData("7", "7 is 3 + 4", false)]
    [InlineData("0.5", "A: 1/2", true)]
    [InlineData("50", "A: 50%", true)]
    [InlineData("50%", "A: 50 percent", true)]
    [InlineData("50%", "A: 1/2", true)]
    [InlineData("50%", "A: 50", false)]
    [InlineData("50", "A: 0.5", false)]
    [InlineData("18", "A: 18 or 19", true)]
    [InlineData("19", "A: 18 or 19", false)]
    [InlineData("0.333", "A: 1/3", false)]
    [InlineData("nothing", "A: 3", false)]
    public void Numbers_are_compared_exactly(string reference, string completion, bool correct) =>
        Assert.Equal(correct, new AnswerRule().Grade(reference, completion).Correct);

    [Fact]
    public void A_tolerance_is_a_share_of_the_reference()
    {
        var rule = new AnswerRule { Tolerance = 0.01 };

        Assert.True(rule.Grade("100", "A: 101").Correct);
        Assert.False(rule.Grade("100", "A: 101.01").Correct);
        Assert.True(rule.Grade("-100", "A: -99").Correct);
        Assert.False(rule.Grade("0", "A: 0.001").Correct);
    }

    [Fact]
    public void Equal_answers_vote_together()
    {
        var rule = new AnswerRule();

        Assert.Equal("1/2", rule.Grade("3", "A: 0.50").Answer);
        Assert.Equal("50", rule.Grade("3", "A: 50%").Answer);
        Assert.Equal("50%", rule.Grade("3%", "A: 1/2").Answer);
        Assert.Null(rule.Grade("3", "I cannot say").Answer);
        Assert.False(rule.Grade("3", "I cannot say").Correct);
    }

    [Fact]
    public void A_mark_may_be_asked_for()
    {
        var rule = new AnswerRule { NeedsNoMarker = false };

        Assert.True(rule.Grade("7", "#### 7").Correct);
        Assert.False(rule.Grade("7", "7").Correct);
    }

    [Fact]
    public void Texts_are_compared_word_by_word()
    {
        var rule = new AnswerRule { Kind = AnswerKind.Text };

        Assert.True(rule.Grade("red  apple", " red apple\n").Correct);
        Assert.True(rule.Grade("B", "because ...\nAnswer: B.").Correct);
        Assert.False(rule.Grade("B", "b").Correct);
        Assert.False(rule.Grade("B", "").Correct);
    }
}
