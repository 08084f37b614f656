using System.Globalization;
using System.Text;
using CsCheck;
using Retort.Recipes.Bench.Serve;

namespace Retort.Recipes.Tests.Bench;

public class ServerUseTests
{
    [Fact]
    public void Counters_are_differences_and_gauges_are_samples()
    {
        var before = PrometheusText.Parse("""
            # HELP vllm:num_preemptions_total Cumulative number of preemptions.
            # TYPE vllm:num_preemptions_total counter
            vllm:num_preemptions_total{engine="0",model_name="a b}"} 3.0
            vllm:num_preemptions_total{engine="1",model_name="a \"b\" {c}"} 4
            vllm:prompt_tokens_total{engine="0"} 1e3
            """);
        var after = PrometheusText.Parse("""
            vllm:num_preemptions_total{engine="0",model_name="a b}"} 5 1700000000000
            vllm:num_preemptions_total{engine="1",model_name="a \"b\" {c}"} 4
            vllm:prompt_tokens_total{engine="0"} 1250
            retort_recomputed_tokens_total 17
            """);
        PrometheusText[] during =
        [
            PrometheusText.Parse("vllm:kv_cache_usage_perc{engine=\"0\"} 0.25\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.5\nvllm:num_requests_running 3"),
            PrometheusText.Parse("vllm:gpu_cache_usage_perc 0.875\nvllm:num_requests_running NaN"),
        ];
        var use = ServerUse.Of(before, during, after);
        Assert.Equal((2, 17, 250, null), (use.Preemptions, use.RecomputedTokens, use.PromptTokens, use.GenerationTokens));
        Assert.Equal((0.625, 0.875), (use.KvUseMean!.Value, use.KvUsePeak!.Value));
        Assert.Equal((3, null), (use.RunningPeak, use.WaitingPeak));
    }

    [Fact]
    public void What_is_not_published_is_unknown_not_zero()
    {
        var nothing = new ServerUse(null, null, null, null, null, null, null, null);
        var page = PrometheusText.Parse("up 1\n");
        Assert.Equal(nothing, ServerUse.Of(null, [], null));
        Assert.Equal(nothing, ServerUse.Of(page, [page], page));
        Assert.Equal(nothing, ServerUse.Of(page, [], null));
    }

    [Fact]
    public void Any_labels_and_any_lines_leave_the_values_alone() =>
        Gen.Select(
                Gen.String[Gen.Char[' ', '~'], 0, 12].Array[1, 4], Gen.Double[-1e6, 1e6], Gen.String[Gen.Char[' ', '~'], 0, 30])
            .Sample((labels, value, noise) =>
            {
                var text = new StringBuilder("#" + noise + "\n");
                foreach (var label in labels)
                {
                    var quoted = label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
                    text.Append(CultureInfo.InvariantCulture, $"a:b_total{{x=\"{quoted}\",y=\"\"}} {value:R}\n");
                }

                var page = PrometheusText.Parse(text.ToString());
                Assert.Equal(value, page.Mean("a:b_total")!.Value, Math.Abs(value) * 1e-12);
                Assert.Equal(value * labels.Length, page.Sum("a_b_total")!.Value, Math.Abs(value) * 1e-11);
            });
}
