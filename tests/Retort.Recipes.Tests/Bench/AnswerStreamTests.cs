using System.Text;
using System.Text.Json;
using CsCheck;
using Retort.Recipes.Bench.Serve;

namespace Retort.Recipes.Tests.Bench;

public class AnswerStreamTests
{
    [Theory]
    [InlineData("""{"choices":[{"text":"a","finish_reason":null}]}""", true, null)]
    [InlineData("""{"choices":[{"text":"","finish_reason":null}]}""", true, null)]
    [InlineData("""{"choices":[{"text":"","finish_reason":"stop"}]}""", false, "stop")]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"length"}]}""", true, "length")]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":""}}]}""", false, null)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":"a"}}]}""", true, null)]
    [InlineData("""{"choices":[{"delta":{"content":""}}]}""", true, null)]
    [InlineData("""{"choices":[{"delta":{"reasoning_content":"a","content":null}}]}""", true, null)]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{}]}}]}""", true, null)]
    [InlineData("""{"choices":[{"delta":{},"finish_reason":"stop"}]}""", false, "stop")]
    [InlineData("""{"choices":[]}""", false, null)]
    public void A_chunk_brings_text_or_it_does_not(string data, bool hasText, string? finish) =>
        Assert.Equal(new StreamChunk(HasText: hasText, FinishReason: finish), Parse(data));

    [Fact]
    public void Usage_end_and_errors_are_told_apart()
    {
        Assert.Equal(new StreamChunk(IsEnd: true), Parse(" [DONE]"));
        Assert.Equal(
            new StreamChunk(PromptTokens: 3, OutputTokens: 5),
            Parse("""{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}"""));
        Assert.Equal(default, Parse("""{"choices":[],"usage":null}"""));
        Assert.Equal("too long", Parse("""{"error":{"message":"too long","code":400}}""").Error);
        Assert.Equal("too long", Parse("""{"error":"too long"}""").Error);
        Assert.Equal("too long", Parse("""{"object":"error","message":"too long"}""").Error);
        Assert.NotNull(Parse("""{"choices":[""").Error);
        Assert.NotNull(StreamChunk.Parse([.. "{\"choices\":[{\"text\":\""u8, 0xff, .. "\"}]}"u8]).Error);
    }

    [Fact]
    public void No_bytes_make_the_reader_throw() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 40],
            Gen.OneOf("{", "}", "[", "]", "\"choices\"", "\"error\"", "\"usage\"", "\"delta\"", "\"text\"", ":", ",", "null", "1", "\"\\ud800\"")
                .Array[0, 20].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))))
            .Sample(data => StreamChunk.Parse(data));

    [Fact]
    public void However_the_bytes_are_cut_the_answer_is_the_same() =>
        Gen.Select(
                Gen.OneOf("", "a", "é", "日本", "𝄞", "line\nend", "\"quoted\"").Array[0, 12], Gen.Bool, Gen.OneOf("\n", "\r\n", "\r"),
                Gen.Int[1, 7].Array[1, 30], Gen.Bool)
            .Sample((texts, chat, newLine, cuts, comments) =>
            {
                var text = new StringBuilder(comments ? $": ping{newLine}{newLine}" : "");
                foreach (var part in texts)
                {
                    object choice = chat ? new { delta = new { content = part }, finish_reason = (string?)null } : new { text = part, finish_reason = (string?)null };
                    text.Append($"data: {JsonSerializer.Serialize(new { choices = new[] { choice } })}{newLine}{newLine}");
                }

                text.Append($"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":2,\"completion_tokens\":{texts.Length}}}}}{newLine}{newLine}");
                text.Append($"data: [DONE]{newLine}{newLine}");
                var answer = new AnswerStream(new RunClock(new JumpingTime()));
                answer.Read(new CutStream(Encoding.UTF8.GetBytes(text.ToString()), cuts), CancellationToken.None).GetAwaiter().GetResult();
                Assert.Equal((texts.Length, 2, (int?)texts.Length, null), (answer.ChunkSeconds.Count, answer.PromptTokens, answer.OutputTokens, answer.Error));
                Assert.Equal(answer.ChunkSeconds.Order(), answer.ChunkSeconds);
            });

    [Theory]
    [InlineData("data: {\"choices\":[{\"text\":\"a\"}]}\n\n", "the stream ended before the answer did")]
    [InlineData("data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"error\":{\"message\":\"out of memory\"}}\n\ndata: [DONE]\n\n", "out of memory")]
    [InlineData("data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\n", null)]
    public async Task A_stream_that_breaks_off_is_an_error_and_what_came_is_kept(string text, string? error)
    {
        var answer = new AnswerStream(new RunClock(new JumpingTime()));
        await answer.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), TestContext.Current.CancellationToken);
        Assert.Equal((error, 1), (answer.Error, answer.ChunkSeconds.Count));
    }

    private static StreamChunk Parse(string data) => StreamChunk.Parse(Encoding.UTF8.GetBytes(data));

    /// <summary>Gives its bytes in pieces of the given sizes, over and over.</summary>
    private sealed class CutStream(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int reads;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, sizes[reads++ % sizes.Length])]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
    }
}
