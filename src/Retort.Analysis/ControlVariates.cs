namespace Retort.Analysis;

/// <summary>A mean from independent replications and its standard error.</summary>
public readonly record struct Estimate(double Mean, double StandardError);

/// <summary>
/// Linear control variates (Lavenberg and Welch 1981): what correlates with the outcome and whose expectation is known takes its
/// share of chance out of the outcome's mean.
/// </summary>
public static class ControlVariates
{
    /// <summary>
    /// The outcome's mean at the controls' expectations, by least squares over the replications. The standard error is the regression's
    /// own: it counts the coefficients' uncertainty. A control that does not vary, or only as others do, is left out; without any it is
    /// the plain mean with s / sqrt(n).
    /// </summary>
    /// <param name="outcomes">One a replication.</param>
    /// <param name="controls">Columns: each control's deviations from its known expectation, one a replication.</param>
    public static Estimate Mean(ReadOnlySpan<double> outcomes, params ReadOnlySpan<double[]> controls)
    {
        var n = outcomes.Length;
        if (n < controls.Length + 3)
        {
            throw new ArgumentException($"{controls.Length} controls need at least {controls.Length + 3} replications.", nameof(outcomes));
        }

        var (residuals, mean) = Centred(outcomes);
        var basis = new List<(double[] Direction, double Offset)>();
        var leverage = 1.0 / n;
        foreach (var control in controls)
        {
            var (column, offset) = Centred(control);
            var whole = Norm(column);
            foreach (var (direction, along) in basis)
            {
                offset -= Project(column, direction) * along;
            }

            var left = Norm(column);
            if (left <= 1e-9 * whole)
            {
                continue;
            }

            for (var i = 0; i < n; i++)
            {
                column[i] /= left;
            }

            offset /= left;
            mean -= Project(residuals, column) * offset;
            leverage += offset * offset;
            basis.Add((column, offset));
        }

        var norm = Norm(residuals);
        return new(mean, norm * Math.Sqrt(leverage / (n - 1 - basis.Count)));
    }

    private static (double[] Deviations, double Mean) Centred(ReadOnlySpan<double> values)
    {
        var (deviations, mean) = (values.ToArray(), Descriptive.Mean(values));
        for (var i = 0; i < deviations.Length; i++)
        {
            deviations[i] -= mean;
        }

        return (deviations, mean);
    }

    private static double Norm(double[] values)
    {
        var squares = 0.0;
        foreach (var value in values)
        {
            squares += value * value;
        }

        return Math.Sqrt(squares);
    }

    /// <summary>Takes the part along a unit vector out of a vector; returns its length.</summary>
    private static double Project(double[] values, double[] direction)
    {
        var length = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            length += values[i] * direction[i];
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] -= length * direction[i];
        }

        return length;
    }
}
