namespace Retort.Tensors;

/// <summary>One trainable array: where it lies in the flat buffer and whether AdamW decays it.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Rows">Rows (outputs of a matrix; 1 for a vector).</param>
/// <param name="Columns">Columns (inputs of a matrix).</param>
/// <param name="IsPanels">Stored in panels of 16 rows (matrices), not row-major (vectors and lookup tables).</param>
/// <param name="Decays">Weight decay applies: matrices, not norms and biases.</param>
/// <param name="Offset">First float in the flat buffer.</param>
/// <param name="Format">How a matrix in panels is kept; everything else is float32.</param>
public sealed record Parameter(
    string Name, int Rows, int Columns, bool IsPanels, bool Decays, long Offset, WeightFormat Format = WeightFormat.Float32)
{
    /// <summary>Floats' worth of storage, padding included.</summary>
    public long StorageLength => IsPanels ? PanelMatrix.StorageLength(Rows, Columns, Format) : (long)Rows * Columns;

    /// <summary>Elements of the array itself.</summary>
    public long Count => (long)Rows * Columns;

    /// <summary>This parameter inside a flat buffer laid out like the set (values, a gradient, a moment).</summary>
    public unsafe Tensor In(Tensor flat)
    {
        if (Offset + StorageLength > flat.Length)
        {
            throw new ArgumentException($"{Name} ends at {Offset + StorageLength} of {flat.Length}");
        }

        var address = (nint)(flat.Data + Offset);
        var width = PanelMatrix.RowFloats(Format);
        return IsPanels ? new Tensor(address, (int)(StorageLength / width), width) : new Tensor(address, Rows, Columns);
    }

    /// <summary>As <see cref="In"/>, as a weight matrix.</summary>
    public PanelMatrix MatrixIn(Tensor flat) => IsPanels
        ? new PanelMatrix(In(flat), Rows, Columns, Format)
        : throw new InvalidOperationException($"{Name} is not a matrix in panels");
}

/// <summary>
/// All parameters of a model in one flat buffer: the only copy of the weights. Declared in order, then allocated once.
/// Each begins at a multiple of 16 floats; the gaps are zero and stay zero.
/// </summary>
/// <param name="format">How matrices are kept; tables and vectors are float32, and only float32 trains.</param>
public sealed class ParameterSet(WeightFormat format = WeightFormat.Float32) : IDisposable
{
    private readonly List<Parameter> items = [];
    private readonly List<(Parameter Shadow, Parameter Target)> shadows = [];
    private readonly List<DerivedTable> derived = [];
    private Storage? storage;
    private Tensor values;

    /// <summary>The parameters in order of declaration.</summary>
    public IReadOnlyList<Parameter> Items => items;

    /// <summary>How matrices are kept.</summary>
    public WeightFormat Format { get; } = format;

    /// <summary>Floats' worth of the flat buffer, padding included.</summary>
    public long FlatLength { get; private set; }

    /// <summary>Counts the changes of the values: whoever writes them says so with <see cref="Changed"/>.</summary>
    public long Version { get; private set; }

    /// <summary>Tables computed from the values; whoever made them disposes of them.</summary>
    public IReadOnlyList<DerivedTable> Derived => derived;

    /// <summary>Elements of a gradient: the flat buffer and, after it, the shadows and the places of derived tables.</summary>
    public long GradientLength { get; private set; }

    /// <summary>Second places for the gradient of a parameter that two operations use, with the parameter each belongs to.</summary>
    public IReadOnlyList<(Parameter Shadow, Parameter Target)> Shadows => shadows;

    /// <summary>Elements that are parameters.</summary>
    public long Count => items.Sum(parameter => parameter.Count);

    /// <summary>The flat buffer, [FlatLength / 16, 16].</summary>
    public Tensor Values => storage is not null ? values : throw new InvalidOperationException("parameters are not allocated");

    /// <summary>Declares a weight matrix [rows, columns] kept in panels.</summary>
    public Parameter Matrix(string name, int rows, int columns) => Declare(name, rows, columns, isPanels: true, decays: true);

    /// <summary>Declares a lookup table [rows, columns] kept row-major.</summary>
    public Parameter Table(string name, int rows, int columns) => Declare(name, rows, columns, isPanels: false, decays: true);

    /// <summary>Declares a vector (a norm's gain or a bias), which is not decayed.</summary>
    public Parameter Vector(string name, int length) => Declare(name, 1, length, isPanels: false, decays: false);

    /// <summary>
    /// Declares a second place for <paramref name="target"/>'s gradient. A weight that two operations use (an embedding
    /// tied to the output head) has two sums over tokens; each keeps its own chain and tree, and they are added once, when the
    /// whole batch is done, so that micro-batching changes no bit.
    /// </summary>
    public Parameter Shadow(Parameter target)
    {
        var shadow = target with { Name = target.Name + " (second use)", Offset = GradientLength };
        shadows.Add((shadow, target));
        GradientLength += RoundUp(shadow.StorageLength);
        return shadow;
    }

    /// <summary>A place in a gradient, after the parameters', for numbers that are computed from them.</summary>
    public Parameter GradientPlace(string name, int rows, int columns)
    {
        var place = new Parameter(name, rows, columns, IsPanels: false, Decays: false, GradientLength);
        GradientLength += RoundUp(place.StorageLength);
        return place;
    }

    /// <summary>The values have changed.</summary>
    public void Changed() => Version++;

    /// <summary>Computes derived tables again where the values have changed since.</summary>
    public void RefreshDerived()
    {
        // By index: an interface's enumerator would be allocated anew every step.
        for (var i = 0; i < derived.Count; i++)
        {
            derived[i].Refresh();
        }
    }

    /// <summary>Allocates the flat buffer, zeroed.</summary>
    public void Allocate(Device device) => values = AllocateMoment(device, out storage);

    /// <summary>A zeroed flat buffer like the values: a moment.</summary>
    public Tensor AllocateMoment(Device device, out Storage owner) =>
        device.Allocate((int)(FlatLength / PanelMatrix.PanelWidth), PanelMatrix.PanelWidth, out owner);

    /// <summary>A zeroed gradient: laid out like the values, the shadows after them.</summary>
    public Tensor AllocateGradient(Device device, out Storage owner) =>
        device.Allocate((int)(GradientLength / PanelMatrix.PanelWidth), PanelMatrix.PanelWidth, out owner);

    /// <inheritdoc/>
    public void Dispose() => storage?.Dispose();

    internal void Add(DerivedTable table) => derived.Add(table);

    private Parameter Declare(string name, int rows, int columns, bool isPanels, bool decays)
    {
        if (storage is not null || shadows.Count > 0)
        {
            throw new InvalidOperationException("parameters are declared before shadows and before allocation");
        }

        var parameter = new Parameter(name, rows, columns, isPanels, decays, FlatLength, isPanels ? Format : WeightFormat.Float32);
        items.Add(parameter);
        FlatLength += RoundUp(parameter.StorageLength);
        GradientLength = FlatLength;
        return parameter;
    }

    private static long RoundUp(long length) =>
        (length + PanelMatrix.PanelWidth - 1) / PanelMatrix.PanelWidth * PanelMatrix.PanelWidth;
}
