namespace Retort.Tasks.Answers;

/// <summary>
/// Arithmetic as a tree: numbers joined by + - * /. Values are exact. There is no power and no exponent, so a value has at most about
/// as many digits as the text, whose length <see cref="TryParse"/> limits: reading and evaluating what a model writes ends quickly.
/// </summary>
public abstract record Expression
{
    /// <summary>Longest text read.</summary>
    public const int MaxLength = 4_000;

    /// <summary>Deepest nesting of parentheses and signs read.</summary>
    public const int MaxDepth = 100;

    private const int MaxNodes = 4_000;
    private const long ManyNodes = 1L << 40;

    private Expression()
    {
    }

    /// <summary>How many numbers and operations there are, a part counted as often as it is used; 2^40 for more than that.</summary>
    internal abstract long Nodes { get; }

    /// <summary>The numbers, from left to right.</summary>
    public abstract IEnumerable<Rational> Numbers { get; }

    /// <summary>The value; null where it divides by zero.</summary>
    public abstract Rational? Evaluate();

    /// <summary>The same expression with some of its numbers replaced; null leaves a number as it is.</summary>
    public abstract Expression Replace(Func<Rational, Expression?> replacement);

    /// <summary>A number.</summary>
    public sealed record Number(Rational Value) : Expression
    {
        internal override long Nodes => 1;

        /// <inheritdoc/>
        public override IEnumerable<Rational> Numbers => [Value];

        /// <inheritdoc/>
        public override Rational? Evaluate() => Value;

        /// <inheritdoc/>
        public override Expression Replace(Func<Rational, Expression?> replacement) => replacement(Value) ?? this;
    }

    /// <summary>A minus sign before an expression.</summary>
    public sealed record Negation(Expression Operand) : Expression
    {
        internal override long Nodes { get; } = Math.Min(1 + Operand.Nodes, ManyNodes);

        /// <inheritdoc/>
        public override IEnumerable<Rational> Numbers => Operand.Numbers;

        /// <inheritdoc/>
        public override Rational? Evaluate() => -Operand.Evaluate();

        /// <inheritdoc/>
        public override Expression Replace(Func<Rational, Expression?> replacement) => new Negation(Operand.Replace(replacement));
    }

    /// <summary>Two expressions joined by '+', '-', '*' or '/'.</summary>
    public sealed record Operation(char Symbol, Expression Left, Expression Right) : Expression
    {
        internal override long Nodes { get; } = Math.Min(1 + Left.Nodes + Right.Nodes, ManyNodes);

        /// <inheritdoc/>
        public override IEnumerable<Rational> Numbers => Left.Numbers.Concat(Right.Numbers);

        /// <inheritdoc/>
        public override Rational? Evaluate() => (Left.Evaluate(), Right.Evaluate()) switch
        {
            ({ } left, { } right) => Symbol switch
            {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                _ => right.IsZero ? null : left / right,
            },
            _ => null,
        };

        /// <inheritdoc/>
        public override Expression Replace(Func<Rational, Expression?> replacement) =>
            new Operation(Symbol, Left.Replace(replacement), Right.Replace(replacement));
    }

    /// <summary>
    /// Reads a whole text: decimals (commas may group thousands), vulgar fractions (¾), a currency sign before a number, a percent sign
    /// behind it (a hundredth), signs, parentheses and + - * / with their typographic forms. Null for anything else, and for texts longer
    /// than <see cref="MaxLength"/> or nested deeper than <see cref="MaxDepth"/>; never throws.
    /// </summary>
    public static Expression? TryParse(string text) => text.Length > MaxLength ? null : new ExpressionReader(text).ReadAll();

    /// <summary>
    /// A text that two expressions share exactly when they differ in nothing but order, grouping, where a product has its signs, factors of
    /// one, and a division written as a product with the reciprocal number: 3 * (4 + 5) is (5 + 4) * 3, and x / 2 is x * 0.5. Null for a
    /// tree of more than 4,000 nodes.
    /// </summary>
    public string? Canonical() => Nodes > MaxNodes ? null : CanonicalSum(this);

    private static string CanonicalSum(Expression expression)
    {
        var terms = new List<string>();
        CollectTerms(expression, false, terms);
        terms.Sort(StringComparer.Ordinal);
        return terms switch
        {
            [['+', .. var single]] => single,
            _ => "(" + string.Concat(terms) + ")",
        };
    }

    private static void CollectTerms(Expression expression, bool isNegative, List<string> terms)
    {
        switch (expression)
        {
            case Negation negation:
                CollectTerms(negation.Operand, !isNegative, terms);
                break;
            case Operation { Symbol: '+' or '-' } sum:
                CollectTerms(sum.Left, isNegative, terms);
                CollectTerms(sum.Right, isNegative ^ (sum.Symbol == '-'), terms);
                break;
            default:
                var factors = new List<string>();
                CollectFactors(expression, false, factors, ref isNegative);
                factors.Sort(StringComparer.Ordinal);
                terms.Add((isNegative ? '-' : '+') + (factors.Count == 0 ? "1" : string.Join('*', factors)));
                break;
        }
    }

    private static void CollectFactors(Expression expression, bool isInverse, List<string> factors, ref bool isNegative)
    {
        switch (expression)
        {
            case Negation negation:
                isNegative = !isNegative;
                CollectFactors(negation.Operand, isInverse, factors, ref isNegative);
                break;
            case Operation { Symbol: '*' or '/' } product:
                CollectFactors(product.Left, isInverse, factors, ref isNegative);
                CollectFactors(product.Right, isInverse ^ (product.Symbol == '/'), factors, ref isNegative);
                break;
            case Number { Value: var value }:
                isNegative ^= value < 0;
                var size = isInverse && !value.IsZero ? 1 / value.Abs() : value.Abs();
                if (isInverse && value.IsZero)
                {
                    factors.Add("1/0");
                }
                else if (size != 1)
                {
                    factors.Add(size.ToString());
                }

                break;
            default:
                factors.Add((isInverse ? "1/" : "") + CanonicalSum(expression));
                break;
        }
    }
}
