using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Retort.Core;
using Retort.Recipes.Figures;

namespace Retort.Recipes.Report;

/// <summary>
/// A run's folder: config.yaml, metrics.jsonl (no times: equal runs give equal bytes), timing.jsonl, evaluations/,
/// report.json, report.html, figures/, checkpoints/, log.txt. Whole files are written atomically; the three logs only
/// grow, and a line torn by a crash is dropped when the folder is opened again. One thread at a time, one process at a time.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string LockName = ".lock";

    private readonly FileStream? held;
    private MetricLog? metrics, timing, log;

    private RunFolder(string path, FileStream? held = null) => (Root, this.held) = (path, held);

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The resolved configuration.</summary>
    public string ConfigPath => At("config.yaml");

    /// <summary>One object a step, without times.</summary>
    public string MetricsPath => At("metrics.jsonl");

    /// <summary>Durations and rates, kept apart from what must be equal between equal runs.</summary>
    public string TimingPath => At("timing.jsonl");

    /// <summary>report.json.</summary>
    public string ReportPath => At("report.json");

    /// <summary>report.html.</summary>
    public string HtmlPath => At("report.html");

    /// <summary>log.txt.</summary>
    public string LogPath => At("log.txt");

    /// <summary>Checkpoints of one model of the run.</summary>
    public string CheckpointFolder(string name) => At("checkpoints", name);

    /// <summary>Graded samples of one evaluation, one object a line.</summary>
    public string EvaluationPath(string name) => At("evaluations", name + ".jsonl");

    /// <summary>The result of one stage of a run that is made of stages.</summary>
    public string StagePath(string name) => At("stages", name + ".json");

    /// <summary>Names of the evaluations written so far, in ordinal order.</summary>
    public IReadOnlyList<string> Evaluations => NamesIn("evaluations", "*.jsonl");

    /// <summary>Names of the stages' results written so far, in ordinal order.</summary>
    public IReadOnlyList<string> Stages => NamesIn("stages", "*.json");

    /// <summary>SHA-256 of config.yaml, in lower-case hexadecimal.</summary>
    public string ConfigSha256 => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(ConfigPath)));

    /// <summary>
    /// Begins a run, or continues the one that is there; the folder is this process's own until it is disposed. A folder that holds a
    /// run of another configuration, or that another process runs in, is left as it is and refused.
    /// </summary>
    public static RunFolder Create(string path, string configYaml)
    {
        var folder = new RunFolder(path, Hold(path));
        try
        {
            folder.Begin(configYaml);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Opens a run to look at it.</summary>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(path);
        return File.Exists(folder.ConfigPath)
            ? folder
            : throw UserError.Request(path, "is not the folder of a run", "a folder with a config.yaml");
    }

    /// <summary>
    /// Adds {"phase", "step", name: value, ...} to metrics.jsonl. Values that are not finite are written as null.
    /// Allocates nothing once warm.
    /// </summary>
    /// <param name="phase">Which part of the run, e.g. "train/direct".</param>
    /// <param name="step">Step of that phase.</param>
    /// <param name="values">In the order they are to be written.</param>
    /// <param name="counts">Histograms, after them.</param>
    public void AppendMetrics(string phase, long step, ReadOnlySpan<Metric> values, ReadOnlySpan<MetricCounts> counts = default) =>
        (metrics ??= new(MetricsPath)).Append(phase, step, values, counts);

    /// <summary>As <see cref="AppendMetrics"/>, to timing.jsonl.</summary>
    public void AppendTiming(string phase, long step, ReadOnlySpan<Metric> values) =>
        (timing ??= new(TimingPath)).Append(phase, step, values);

    /// <summary>Adds a line to log.txt, with the time in front.</summary>
    public void Log(TimeProvider time, string what) =>
        Log(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z {what}"));

    /// <summary>Adds a line to log.txt.</summary>
    public void Log(string line) => (log ??= new(LogPath)).AppendLine(line);

    /// <summary>
    /// Forgets what a phase wrote after <paramref name="lastStep"/>, so that a run resumed from that step's checkpoint
    /// writes the same file as one that never stopped. Other phases stay.
    /// </summary>
    public void TruncateMetrics(string phase, long lastStep)
    {
        metrics?.Dispose();
        timing?.Dispose();
        (metrics, timing) = (null, null);
        MetricLog.Truncate(MetricsPath, phase, lastStep);
        MetricLog.Truncate(TimingPath, phase, lastStep);
    }

    /// <summary>Writes figures/NAME.svg and .png; returns the SVG's path relative to the folder, for the report.</summary>
    public string WriteFigure(Figure figure)
    {
        AtomicFile.WriteText(At("figures", figure.Name + ".svg"), FigureRenderer.Svg(figure));
        var png = FigureRenderer.Png(figure);
        AtomicFile.Write(At("figures", figure.Name + ".png"), stream => stream.Write(png));
        return $"figures/{figure.Name}.svg";
    }

    /// <summary>Writes report.json and report.html.</summary>
    public void WriteReport(RunReport report, ReportPage page)
    {
        AtomicFile.WriteText(ReportPath, report.ToJson());
        AtomicFile.WriteText(HtmlPath, ReportHtml.Render(report, page));
    }

    /// <summary>Reads report.json.</summary>
    public RunReport ReadReport() => RunReport.FromJson(Read(ReportPath), ReportPath);

    /// <summary>The configuration's text.</summary>
    public string ReadConfig() => Read(ConfigPath);

    /// <inheritdoc/>
    public void Dispose()
    {
        metrics?.Dispose();
        timing?.Dispose();
        log?.Dispose();
        held?.Dispose();
    }

    internal static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw UserError.Request(path, "does not exist", "the folder of a finished run");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Environment(path, $"cannot be read ({fault.Message})", null, fault);
        }
    }

    /// <summary>
    /// The file that is kept open while a run is under way: the system gives it free when the process ends, however it ends. It stays
    /// behind, since one that is deleted could be held twice: once by whoever had opened it before.
    /// </summary>
    private static FileStream Hold(string path)
    {
        // A sharing violation: of Windows, of Linux, of macOS.
        const int windows = unchecked((int)0x80070020), linux = 11, mac = 35;
        try
        {
            Directory.CreateDirectory(path);
            return new FileStream(Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException fault) when (fault.HResult is windows or linux or mac)
        {
            throw UserError.Request(path, "in use by another process", "wait for it, or another --out");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw UserError.Request(path, $"cannot be created ({fault.Message.TrimEnd('.')})", "a writable folder");
        }
    }

    private void Begin(string configYaml)
    {
        if (!File.Exists(ConfigPath))
        {
            AtomicFile.WriteText(ConfigPath, configYaml);
        }
        else if (Differences(Read(ConfigPath), configYaml) is { } difference)
        {
            throw UserError.Request(
                ConfigPath, $"the folder holds a run with other settings ({difference})",
                "the same settings to continue it, or another --out");
        }
    }

    private string[] NamesIn(string inner, string pattern) => Directory.Exists(At(inner))
        ? [.. Directory.GetFiles(At(inner), pattern).Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal)]
        : [];

    private string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>"rl.steps is 100 there and 200 here, ..."; null if all settings are alike.</summary>
    private static string? Differences(string old, string now)
    {
        const int most = 5;
        var (there, here) = (Fields(old), Fields(now));
        var different = there.Keys.Union(here.Keys)
            .Where(field => there.GetValueOrDefault(field) != here.GetValueOrDefault(field))
            .Select(field => $"{field} is {there.GetValueOrDefault(field, "absent")} there and {here.GetValueOrDefault(field, "absent")} here")
            .ToArray();
        return different.Length == 0 ? null
            : string.Join(", ", different.Take(most)) + (different.Length > most ? $" and {different.Length - most} more" : "");
    }

    /// <summary>
    /// Values by dotted path, as <see cref="Configuration.Config.Write"/> lays them out, without the comments that it puts behind them;
    /// the entries of a list under one path.
    /// </summary>
    private static OrderedDictionary<string, string> Fields(string yaml)
    {
        var fields = new OrderedDictionary<string, string>();
        var path = new List<(int Indent, string Name)>();
        foreach (var line in yaml.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split(" #")[0].TrimEnd()))
        {
            var text = line.TrimStart();
            var indent = line.Length - text.Length;
            if (text.Length == 0 || text[0] == '#')
            {
                continue;
            }

            var isItem = text[0] == '-';
            path.RemoveAll(level => level.Indent > indent || (level.Indent == indent && !isItem));
            var colon = isItem ? -1 : text.IndexOf(':');
            if (colon >= 0)
            {
                path.Add((indent, text[..colon]));
            }

            var name = string.Join('.', path.Select(level => level.Name));
            var value = colon >= 0 ? text[(colon + 1)..].Trim() : text;
            if (value.Length > 0)
            {
                fields[name] = fields.TryGetValue(name, out var before) ? $"{before} {value}" : value;
            }
        }

        return fields;
    }
}
