using System.Globalization;
using CsCheck;
using Retort.Core;
using Retort.Recipes.Configuration;

namespace Retort.Recipes.Tests.Configuration;

public class ConfigTests
{
    private static readonly SampleSettings Base = new();

    private static SampleSettings Merge(string yaml) => Config.Merge(Base, yaml, "c.yaml");

    private static string Error(Action act) => Assert.Throws<UserError>(act).Message;

    [Fact]
    public void A_file_changes_only_what_it_names()
    {
        var merged = Merge("training:\n  batchTokens: 100_000\nheuristic: multiply\n");
        Assert.Equal(Base with { Training = Base.Training with { BatchTokens = 100_000 }, Heuristic = Heuristic.Multiply }, merged);
        Assert.Equal(8192, Base.Training.BatchTokens);
    }

    [Fact]
    public void Layers_are_preset_then_file_then_overrides()
    {
        var path = Path.Combine(Path.GetTempPath(), $"retort-config-{Environment.ProcessId}.yaml");
        File.WriteAllText(path, "\uFEFFname: file\nnote: file\n");
        try
        {
            var resolved = Config.Resolve(Base, path, ["note=set", "training.dropout=0.1"]);
            Assert.Equal(("file", "set", 0.1f, 8192), (resolved.Name, resolved.Note, resolved.Training.Dropout, resolved.Training.BatchTokens));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        var read = Merge("""
            name: "true"
            note: null
            numbers: 3..7
            budgets: [1, 2, 3]
            temperatures:
              - 0.5
              - 1e-3
            mixture:
              - name: a
                weight: 2.5
                heuristic: sumOfSquares
              - { name: b }
            fineTuning: { learningRate: 1, clipNorm: ~ }
            training: { shuffle: false, seed: 18446744073709551615, clipNorm: .5 }
            """);
        Assert.Equal("true", read.Name);
        Assert.Null(read.Note);
        Assert.Equal(new Span(3, 7), read.Numbers);
        Assert.Equal([1, 2, 3], read.Budgets);
        Assert.Equal([0.5, 1e-3], read.Temperatures);
        Assert.Equal([new Part("a", 2.5, Heuristic.SumOfSquares), new Part("b")], read.Mixture);
        Assert.Equal(new TrainingSettings { LearningRate = 1, ClipNorm = null }, read.FineTuning);
        Assert.Equal(Base.Training with { Shuffle = false, ClipNorm = 0.5f }, read.Training);
    }

    [Theory]
    [InlineData("training:\n  learningRte: 1", "c.yaml:2:3: training.learningRte: unknown setting; expected one of learningRate, batchTokens, dropout, shuffle, seed, clipNorm; did you mean 'learningRate'?")]
    [InlineData("batchTokens: 1", "c.yaml:1:1: batchTokens: unknown setting; expected one of name, note, shape, training, heuristic, numbers, budgets, temperatures, mixture, fineTuning; did you mean 'training.batchTokens'?")]
    [InlineData("training: 3", "c.yaml:1:11: training: is '3'; expected a group of settings")]
    [InlineData("training:\n  batchTokens: many", "c.yaml:2:16: training.batchTokens: is 'many'; expected a whole number in 1..1048576 (tokens)")]
    [InlineData("training: {batchTokens: 0}", "c.yaml:1:25: training.batchTokens: is 0; expected a whole number in 1..1048576 (tokens)")]
    [InlineData("training: {batchTokens: 99999999999999999999}", "c.yaml:1:25: training.batchTokens: is '99999999999999999999'; expected a whole number in 1..1048576 (tokens)")]
    [InlineData("training: {batchTokens: '4'}", "c.yaml:1:25: training.batchTokens: is text in quotes, \"4\"; expected a whole number in 1..1048576 (tokens)")]
    [InlineData("training: {dropout: 1}", "c.yaml:1:21: training.dropout: is 1; expected a number in 0..1 (1 not included)")]
    [InlineData("training: {learningRate: .nan}", "c.yaml:1:26: training.learningRate: is '.nan'; expected a number above 0")]
    [InlineData("training: {learningRate: .inf}", "c.yaml:1:26: training.learningRate: is .inf; expected a number above 0")]
    [InlineData("training: {clipNorm: -1}", "c.yaml:1:22: training.clipNorm: is -1; expected a number above 0 or null")]
    [InlineData("training: {shuffle: yes}", "c.yaml:1:21: training.shuffle: is 'yes'; expected true or false")]
    [InlineData("training: {seed: -1}", "c.yaml:1:18: training.seed: is '-1'; expected a whole number")]
    [InlineData("training: {halfBatch: 1}", "c.yaml:1:12: training.halfBatch: unknown setting; expected one of learningRate, batchTokens, dropout, shuffle, seed, clipNorm")]
    [InlineData("heuristic: multply", "c.yaml:1:12: heuristic: is 'multply'; expected one of multiply, sumOfSquares; did you mean 'multiply'?")]
    [InlineData("heuristic: 1", "c.yaml:1:12: heuristic: is '1'; expected one of multiply, sumOfSquares")]
    [InlineData("name:", "c.yaml:1:6: name: has no value; expected text")]
    [InlineData("name: [a]", "c.yaml:1:7: name: is a list; expected text")]
    [InlineData("numbers: 3", "c.yaml:1:10: numbers: is '3' (low..high is missing); expected text of the form of Span")]
    [InlineData("budgets: 3", "c.yaml:1:10: budgets: is '3'; expected a list, each a whole number above 0 (tokens)")]
    [InlineData("budgets: [1, -2]", "c.yaml:1:14: budgets[1]: is -2; expected a whole number above 0 (tokens)")]
    [InlineData("mixture: [{weight: 1}]", "c.yaml:1:11: mixture[0]: 'name' is missing; expected 'name: value'")]
    [InlineData("mixture: [{name: a, wieght: 1}]", "c.yaml:1:21: mixture[0].wieght: unknown setting; expected one of name, weight, heuristic; did you mean 'weight'?")]
    [InlineData("mixture: [{name: a, weight: 0}]", "c.yaml:1:29: mixture[0].weight: is 0; expected a number above 0")]
    [InlineData("shape: {numHeads: 5}", "c.yaml:1:9: shape.numHeads: 5 does not divide width 64; expected a divisor of 64")]
    [InlineData("name: a\nname: b", "c.yaml:2:1: 'name' stands here a second time; expected each key once")]
    [InlineData("- a", "c.yaml:1:1: holds a list; expected settings, one 'key: value' a line")]
    [InlineData("a: &x 1", "c.yaml:1:4: anchors and aliases are not used here; expected the value itself")]
    [InlineData("name: !!str a", "c.yaml:1:7: the tag tag:yaml.org,2002:str is not used here; expected a plain value")]
    [InlineData("name: a\n---\nname: b", "c.yaml:2:1: a second document begins; expected one document a file")]
    public void A_mistake_is_named_with_its_place_and_what_was_expected(string yaml, string message) =>
        Assert.Equal(message, Error(() => Merge(yaml)));

    [Theory]
    [InlineData("training: [1,\n  {a: ]", "c.yaml:2:")]
    [InlineData("training:\n\tlearningRate: 1", "c.yaml:1:1")]
    [InlineData("name: 'open", "c.yaml:1:7")]
    [InlineData("name: \"\\q\"", "c.yaml:1:")]
    public void Malformed_YAML_is_one_message_with_line_and_column(string yaml, string place)
    {
        var message = Error(() => Merge(yaml));
        Assert.StartsWith(place, message, StringComparison.Ordinal);
        Assert.Contains("is not YAML", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused_not_fatal(string opening) =>
        Assert.Contains("c.yaml:1:", Error(() => Merge("budgets: " + string.Concat(Enumerable.Repeat(opening, 100_000)))), StringComparison.Ordinal);

    [Theory]
    [InlineData("training.learningRate=1e-3")]
    [InlineData(" training.learningRate = 1e-3 ")]
    [InlineData("training.learningRate=5", "training.learningRate=1e-3")]
    [InlineData("training={learningRate: 0.001}")]
    public void Overrides_reach_nested_settings(params string[] overrides) =>
        Assert.Equal(Base with { Training = Base.Training with { LearningRate = 1e-3 } }, Config.Override(Base, overrides));

    [Fact]
    public void Overrides_take_lists_text_and_ranges_as_the_shell_gives_them()
    {
        var read = Config.Override(Base, ["budgets=1,2", "temperatures=[0.1, 1]", "name=a: [b] # c", "note=null", "numbers=1..99", "mixture=[{name: x}]"]);
        Assert.Equal([1, 2], read.Budgets);
        Assert.Equal([0.1, 1], read.Temperatures);
        Assert.Equal("a: [b] # c", read.Name);
        Assert.Null(read.Note);
        Assert.Equal([new Part("x")], read.Mixture);
        Assert.Equal("", Config.Override(Base, ["name="]).Name);
        Assert.Empty(Config.Override(Base, ["budgets=[]"]).Budgets);
    }

    [Fact]
    public void Rules_between_settings_see_all_overrides_together()
    {
        var read = Config.Override(Base, ["shape.width=60", "shape.numHeads=5"]);
        Assert.Equal((60, 5), (read.Shape.Width, read.Shape.NumHeads));
    }

    [Theory]
    [InlineData("learningRate", "--set learningRate: has no '='; expected path.to.field=value")]
    [InlineData("=3", "--set =3: names no setting; expected path.to.field=value")]
    [InlineData("training..x=3", "--set training..x=3: has an empty part in its path; expected path.to.field=value")]
    [InlineData("training.batchTokns=3", "--set training.batchTokns=3: training.batchTokns: unknown setting; expected one of learningRate, batchTokens, dropout, shuffle, seed, clipNorm; did you mean 'batchTokens'?")]
    [InlineData("name.x=3", "--set name.x=3: name: is a group of settings; expected text")]
    [InlineData("training=3", "--set training=3: training: is '3'; expected a group of settings")]
    [InlineData("budgets=1,x", "--set budgets=1,x: budgets[1]: is 'x'; expected a whole number above 0 (tokens)")]
    public void A_wrong_override_is_named(string text, string message) =>
        Assert.Equal(message, Error(() => Config.Override(Base, [text])));

    [Fact]
    public void The_written_configuration_reads_well_and_gives_the_same_settings()
    {
        var settings = Base with { Note = "a \"b\"\n\tc", FineTuning = new() { ClipNorm = null } };
        var text = Config.Write(settings);
        Assert.Contains("  batchTokens: 8192                 # tokens: One optimizer step.\n", text, StringComparison.Ordinal);
        Assert.Contains("mixture:\n  - name: all\n    weight: 1\n    heuristic: multiply\n", text, StringComparison.Ordinal);
        var back = Config.Merge(new SampleSettings { Name = "other" }, text, "written.yaml");
        Assert.Equal(text, Config.Write(back));
        Assert.Equal((settings.Note, settings.FineTuning), (back.Note, back.FineTuning));
        Assert.Equal(64, Config.Sha256(text).Length);
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Config.Sha256("abc"));
    }

    [Fact]
    public void The_culture_changes_nothing()
    {
        var (before, text) = (CultureInfo.CurrentCulture, Config.Write(Base));
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NumberGroupSeparator = ".";
        comma.NumberFormat.NegativeSign = "~";
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Equal(text, Config.Write(Base));
            Assert.Equal(0.25f, Merge("training: {dropout: 0.25}").Training.Dropout);
            Assert.Contains("is -0.5;", Error(() => Merge("training: {dropout: -0.5}")), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Any_settings_round_trip_exactly()
    {
        var number = Gen.Double[1e-300, 1e300];
        var generator =
            from text in Gen.String[Gen.Char.Where(c => !char.IsSurrogate(c)), 0, 20]
            from rate in number
            from clip in Gen.Single[1e-30f, 1e30f]
            from seed in Gen.ULong
            from budgets in Gen.Int[1, int.MaxValue].Array[0, 4]
            from temperatures in Gen.Double.Where(double.IsFinite).Array[0, 3]
            from weights in number.Array[0, 3]
            select Base with
            {
                Name = text,
                Training = Base.Training with { LearningRate = rate, ClipNorm = clip, Seed = seed },
                Budgets = budgets,
                Temperatures = [.. temperatures],
                Mixture = [.. weights.Select(weight => new Part(text, weight))],
            };
        generator.Sample(
            settings =>
            {
                var text = Config.Write(settings);
                var back = Merge(text);
                Assert.Equal((settings.Name, settings.Training), (back.Name, back.Training));
                Assert.Equal(settings.Budgets, back.Budgets);
                Assert.Equal(settings.Temperatures, back.Temperatures);
                Assert.Equal(settings.Mixture, back.Mixture);
                Assert.Equal(text, Config.Write(back));
            },
            iter: 500, threads: 1);
    }

    [Fact]
    public void Mutated_YAML_gives_settings_or_one_UserError_and_nothing_else()
    {
        var seedText = Config.Write(Base with { FineTuning = new(), Note = "q\"\n" });
        var alphabet = Gen.Char["[]{}:,-?&*!|>'\"%@`# \n\t\\~0aA.<=\0\u0085\uFEFF\uD800é"];
        var edit = Gen.Select(Gen.Int[0, seedText.Length - 1], Gen.Int[0, 6], Gen.String[alphabet, 0, 4]);
        edit.Array[1, 8].Sample(
            edits =>
            {
                var text = seedText;
                foreach (var (at, removed, inserted) in edits)
                {
                    var start = Math.Min(at, text.Length);
                    text = text.Remove(start, Math.Min(removed, text.Length - start)).Insert(start, inserted);
                }

                try
                {
                    Merge(text);
                }
                catch (UserError error)
                {
                    Assert.Equal(2, error.ExitCode);
                    Assert.StartsWith("c.yaml", error.Message, StringComparison.Ordinal);
                }
            },
            iter: 3000, threads: 1);
    }

    [Fact]
    public void Random_overrides_give_settings_or_one_UserError_and_nothing_else()
    {
        var known = Config.Options(Base).Select(option => option.Path).Append("training").ToArray();
        var paths = Gen.Int[0, known.Length - 1].Select(index => known[index]);
        var value = Gen.String[Gen.Char["[]{}:,-&*!|>'\"%# \n0a1.e~\0"], 0, 6];
        Gen.Select(paths, value).Sample(
            (path, text) =>
            {
                try
                {
                    Config.Override(Base, [$"{path}={text}"]);
                }
                catch (UserError error)
                {
                    Assert.Equal(2, error.ExitCode);
                }
            },
            iter: 3000, threads: 1);
    }

    [Fact]
    public void Files_that_are_not_there_or_not_text_are_errors_with_their_name()
    {
        var folder = Directory.CreateTempSubdirectory("retort config ").FullName;
        try
        {
            var binary = Path.Combine(folder, "binary.yaml");
            File.WriteAllBytes(binary, [0xFF, 0xFE, 0x80]);
            var large = Path.Combine(folder, "large.yaml");
            File.WriteAllText(large, new string('#', (1 << 20) + 1));
            Assert.Equal($"{folder}/no.yaml: no such file; expected a YAML file", Error(() => Config.Resolve(Base, $"{folder}/no.yaml", [])));
            Assert.Equal($"{folder}: is a folder; expected a YAML file", Error(() => Config.Resolve(Base, folder, [])));
            Assert.Equal($"{binary}: is not UTF-8 text; expected a YAML file", Error(() => Config.Resolve(Base, binary, [])));
            Assert.Equal($"{large}: is too long; expected a YAML file of at most 1 MiB", Error(() => Config.Resolve(Base, large, [])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_table_of_settings_has_path_default_unit_and_meaning()
    {
        var options = Config.Options(Base);
        Assert.Equal(new ConfigOption("training.batchTokens", "8192", "tokens", "a whole number in 1..1048576 (tokens)", "One optimizer step."),
            options.Single(option => option.Path == "training.batchTokens"));
        Assert.Contains("| `budgets` | `[256, 512]` | tokens |", ConfigOption.Markdown(options), StringComparison.Ordinal);
    }
}
