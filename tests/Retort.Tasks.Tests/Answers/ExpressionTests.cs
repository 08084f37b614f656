using System.Numerics;
using CsCheck;
using Retort.Tasks.Answers;

namespace Retort.Tasks.Tests.Answers;

public sealed class ExpressionTests
{
    [Theory]
    [InlineData("16-3-4", "9")]
    [InlineData("2 + 3 * 4", "14")]
    [InlineData("(2 + 3) * 4", "20")]
    [InlineData("2 - 3 - 4", "-5")]
    [InlineData("8 / 4 / 2", "1")]
    [InlineData("-(1 - 3)", "2")]
    [InlineData("2 - -3", "5")]
    [InlineData("+.5*80", "40")]
    [InlineData("1/3", "1/3")]
    [InlineData("3,650*10/100", "365")]
    [InlineData("20%*50", "10")]
    [InlineData("¾*12", "9")]
    [InlineData("$2.50 × 4 ÷ 5 − 1", "1")]
    [InlineData("5.*2", "10")]
    [InlineData("100000000000000000001*3", "300000000000000000003")]
    public void Values_are_exact(string text, string value) => Assert.Equal(value, Expression.TryParse(text)!.Evaluate()!.Value.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("2 +")]
    [InlineData("* 2")]
    [InlineData("(2")]
    [InlineData("2)")]
    [InlineData("()")]
    [InlineData("2 3")]
    [InlineData("2x")]
    [InlineData("1e9")]
    [InlineData("2 ** 3")]
    [InlineData("1,00+2")]
    [InlineData("1.2.3")]
    [InlineData("$")]
    [InlineData("$+3")]
    [InlineData("%")]
    public void What_is_no_arithmetic_is_not_read(string text) => Assert.Null(Expression.TryParse(text));

    [Fact]
    public void Dividing_by_zero_has_no_value() => Assert.Null(Expression.TryParse("1 + 2 / (3 - 3)")!.Evaluate());

    [Fact]
    public void Size_and_depth_have_limits()
    {
        Assert.NotNull(Expression.TryParse(new string('(', 90) + "1" + new string(')', 90)));
        Assert.Null(Expression.TryParse(new string('(', 200) + "1" + new string(')', 200)));
        Assert.Null(Expression.TryParse(new string('-', 200) + "1"));
        Assert.Null(Expression.TryParse(string.Join('+', Enumerable.Repeat("1", 3_000))));
        Assert.Equal(1_500, Expression.TryParse(string.Join('+', Enumerable.Repeat("1", 1_500)))!.Evaluate());
    }

    [Fact]
    public void No_text_makes_it_throw() =>
        Gen.OneOf("1", "23", ".5", "+", "-", "*", "/", "(", ")", " ", "%", "$", ",", "=", "x", "½", "\\frac{", "\n", "\ud800", ".").Array[0, 30]
            .Select(string.Concat)
            .Sample(text =>
            {
                _ = Expression.TryParse(text)?.Evaluate();
                _ = Expression.TryParse(text)?.Canonical();
                _ = NumberText.FirstIn(text);
                _ = NumberText.LastIn(text);
                _ = new AnswerRule().Grade(text, text);
                _ = new AnswerRule { Kind = AnswerKind.Text }.Grade(text, text);
            });

    /// <summary>Trees of small numbers and the text that prints them.</summary>
    private static readonly Gen<Expression> Trees = Gen.Recursive<Expression>((depth, tree) => depth >= 4
        ? Gen.Int[0, 12].Select(value => (Expression)new Expression.Number(value))
        : Gen.Frequency(
            (2, Gen.Int[0, 12].Select(value => (Expression)new Expression.Number(value))),
            (1, tree.Select(inner => (Expression)new Expression.Negation(inner))),
            (4, Gen.Select(Gen.OneOf('+', '-', '*', '/'), tree, tree, (symbol, left, right) =>
                (Expression)new Expression.Operation(symbol, left, right)))));

    private static string Text(Expression expression) => expression switch
    {
        Expression.Number number => number.Value.ToString(),
        Expression.Negation negation => $"-({Text(negation.Operand)})",
        Expression.Operation operation => $"({Text(operation.Left)}) {operation.Symbol} ({Text(operation.Right)})",
        _ => throw new InvalidOperationException(),
    };

    [Fact]
    public void Reading_what_was_written_gives_the_same_tree() => Trees.Sample(tree => Assert.Equal(tree, Expression.TryParse(Text(tree))));

    [Fact]
    public void Values_agree_with_floating_point() => Trees.Sample(tree =>
    {
        static double Value(Expression expression) => expression switch
        {
            Expression.Number number => (double)number.Value.Numerator,
            Expression.Negation negation => -Value(negation.Operand),
            Expression.Operation { Symbol: '+' } sum => Value(sum.Left) + Value(sum.Right),
            Expression.Operation { Symbol: '-' } difference => Value(difference.Left) - Value(difference.Right),
            Expression.Operation { Symbol: '*' } product => Value(product.Left) * Value(product.Right),
            Expression.Operation quotient => Value(quotient.Left) / Value(quotient.Right),
            _ => double.NaN,
        };

        if (tree.Evaluate() is { } exact && Value(tree) is var rough && double.IsFinite(rough))
        {
            var value = (double)exact.Numerator / (double)exact.Denominator;
            Assert.True(Math.Abs(value - rough) <= 1e-6 * Math.Max(1, Math.Abs(value)), $"{Text(tree)} = {exact}, not {rough}");
        }
    });

    [Theory]
    [InlineData("3*(4+5)", "(5+4)*3")]
    [InlineData("16-3-4", "16-(3+4)")]
    [InlineData("(16-3-4)*2", "2*(16-(4+3))")]
    [InlineData("48/2", "48*.5")]
    [InlineData("8/4/2", "8/(4*2)")]
    [InlineData("2-3", "-(3-2)")]
    [InlineData("1*7", "7/1")]
    [InlineData("(2-5)*-(4)", "-4*(2-5)")]
    public void Order_and_grouping_do_not_matter(string one, string other) =>
        Assert.Equal(Expression.TryParse(one)?.Canonical(), Expression.TryParse(other)?.Canonical());

    [Theory]
    [InlineData("3*4", "12")]
    [InlineData("3+4", "3*4")]
    [InlineData("3-4", "4-3")]
    [InlineData("3*(4+5)", "3*4+3*5")]
    [InlineData("8/(4/2)", "8/4/2")]
    [InlineData("(2+3)*4", "2+(3*4)")]
    [InlineData("2*2", "2+2")]
    [InlineData("5/0", "5")]
    public void Other_steps_are_other_plans(string one, string other) =>
        Assert.NotEqual(Expression.TryParse(one)!.Canonical(), Expression.TryParse(other)!.Canonical());

    [Fact]
    public void Equal_forms_have_equal_values() => Gen.Select(Trees, Trees).Sample((one, other) =>
    {
        if (one.Canonical() == other.Canonical() && one.Evaluate() is { } value && other.Evaluate() is { } second)
        {
            Assert.Equal(value, second);
        }
    }, iter: 2_000);

    [Fact]
    public void A_commuted_tree_keeps_its_form() => Trees.Sample(tree =>
    {
        static Expression Commute(Expression expression) => expression switch
        {
            Expression.Operation { Symbol: '+' or '*' } operation => new Expression.Operation(operation.Symbol, Commute(operation.Right), Commute(operation.Left)),
            Expression.Operation operation => new Expression.Operation(operation.Symbol, Commute(operation.Left), Commute(operation.Right)),
            Expression.Negation negation => new Expression.Negation(Commute(negation.Operand)),
            _ => expression,
        };

        Assert.Equal(tree.Canonical(), Commute(tree).Canonical());
    });

    [Fact]
    public void Trees_that_double_at_every_step_are_refused_instead_of_written()
    {
        Expression tree = new Expression.Number(1);
        for (var i = 0; i < 60; i++)
        {
            tree = new Expression.Operation('+', tree, tree);
        }

        Assert.Null(tree.Canonical());
    }

    [Fact]
    public void Rationals_obey_arithmetic() => Gen.Select(Gen.Int[-50, 50], Gen.Int[1, 50], Gen.Int[-50, 50], Gen.Int[1, 50]).Sample((a, b, c, d) =>
    {
        var (x, y) = (new Rational(a, b), new Rational(c, d));
        Assert.Equal(x, x + y - y);
        Assert.Equal(new Rational(a * d + c * b, b * d), x + y);
        Assert.Equal(((double)a / b).CompareTo((double)c / d), x.CompareTo(y));
        Assert.Equal(BigInteger.One, BigInteger.GreatestCommonDivisor(x.Numerator, x.Denominator));
        Assert.True(x.Denominator > 0);
        if (c != 0)
        {
            Assert.Equal(x, x / y * y);
        }
    });

    [Fact]
    public void A_rational_without_a_value_is_zero() => Assert.Equal((Rational)0, default);
}
