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
    [InlineData("1e-05", "1/100000")]
    [InlineData("1E+16", "10000000000000000")]
    [InlineData("1.5e3 m", "1500")]
    [InlineData("3 eggs", "3")]
    [InlineData("2e", "2")]
    [InlineData("3/1e2", "3/100")]
    [InlineData("\\frac{-3}{4}", "-3/4")]
    [InlineData("-\\frac{3}{4}", "-3/4")]
    [InlineData("\\frac{3}{–4}", "-3/4")]
    [InlineData("2\\frac{1}{2}", "5/2")]
    [InlineData("1{,}000{,}000", "1000000")]
    [InlineData("1,\\!000", "1000")]
    [InlineData("–3", "-3")]
    [InlineData("25 cm^2", "25")]
    public void Numbers_are_read_as_people_write_them(string text, string value) => Assert.Equal(value, NumberText.FirstIn(text)!.Value.Value.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("H2O")]
    [InlineData("18 =")]
    [InlineData("1e999999999")]
    [InlineData("1e-4001")]
    [InlineData("2\\sqrt{3}")]
    [InlineData("\\sqrt{3}")]
    [InlineData("10^3")]
    [InlineData("\\frac{x}{2}")]
    [InlineData("2\\pi")]
    public void No_number_is_no_number(string text) => Assert.Null(NumberText.FirstIn(text));

    [Fact]
    public void A_number_of_too_many_digits_is_not_cut() => Assert.Null(NumberText.FirstIn(new string('7', 5_000)));

    [Theory]
    [InlineData("1e-05", "1/100000")]
    [InlineData("1e+16", "10000000000000000")]
    [InlineData("1e5", "100000")]
    [InlineData("the area is 25 cm^2", "25")]
    [InlineData("it is 2\\sqrt{3}", null)]
    [InlineData("5^2", null)]
    public void The_last_number_is_read_as_a_whole(string text, string? value) => Assert.Equal(value, NumberText.LastIn(text)?.Value.ToString());

    [Theory]
    [InlineData("-5", "-5")]
    [InlineData("$1,234.50", "2469/2")]
    [InlineData("–$ 5 dollars", "-5")]
    [InlineData("50 %", "50")]
    [InlineData("3 + 4 = 7", "7")]
    [InlineData("$\\frac{-3}{4}$", "-3/4")]
    [InlineData("60 km/h", "60")]
    [InlineData("7 \\text{ cm}", "7")]
    [InlineData("90^\\circ", "90")]
    [InlineData("2 1/2 cups", "5/2")]
    [InlineData("1 2", null)]
    [InlineData("1, 2", null)]
    [InlineData("3 + 4", null)]
    [InlineData("10 - 3", null)]
    [InlineData("- -3", null)]
    [InlineData("2\\sqrt{3}", null)]
    [InlineData("2\\times 3", null)]
    [InlineData("10^3", null)]
    [InlineData("(1, 2)", null)]
    [InlineData("about 5", null)]
    [InlineData("25 cm^2", null)]
    [InlineData("", null)]
    public void Only_a_number_is_wholly_one(string text, string? value) => Assert.Equal(value, NumberText.OnlyIn(text)?.Value.ToString());

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
    [InlineData("2", "\\boxed{2\\sqrt{3}}", false)]
    [InlineData("-3/4", "\\boxed{\\frac{-3}{4}}", true)]
    [InlineData("0.00001", "A: 1e-05", true)]
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
