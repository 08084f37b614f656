using System.Text.Json;
using CsCheck;
using Retort.Core;
using Retort.Models.Tokenizers;

namespace Retort.Models.Tests.Tokenizers;

/// <summary>Templates in the shapes of published models; what is expected of them is Jinja2 3.1's rendering with transformers' settings.</summary>
public sealed class ChatTemplateTests : IDisposable
{
    private static readonly Dictionary<string, string> Tokens = new() { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    private static readonly ChatMessage[] Conversation =
    [
        new("system", " Be brief. "), new("user", "Hi <b>there</b>\n"), new("assistant", "<think>\nhm\n</think>\n\nYes"), new("user", "Why? 😀"),
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string, string> Shapes => new()
    {
        {
            "ChatML",
            """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi <b>there</b>\n<|im_end|>\n<|im_start|>assistant\n<think>\nhm\n</think>\n\nYes<|im_end|>\n<|im_start|>user\nWhy? 😀<|im_end|>\n<|im_start|>assistant\n"
        },
        {
            "a default system message (Qwen)",
        """
        {%- if tools %}
            {{- '<tools>' }}
            {%- for tool in tools %}
                {{- "\n" }}
                {{- tool | tojson }}
            {%- endfor %}
        {%- else %}
            {%- if messages[0]['role'] == 'system' %}
                {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
            {%- else %}
                {{- '<|im_start|>system\nBe helpful.<|im_end|>\n' }}
            {%- endif %}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
            {%- elif message.role == "tool" %}
                {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
                    {{- '<|im_start|>user' }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}

        """,
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi <b>there</b>\n<|im_end|>\n<|im_start|>assistant\n<think>\nhm\n</think>\n\nYes<|im_end|>\n<|im_start|>user\nWhy? 😀<|im_end|>\n<|im_start|>assistant\n"
        },
        {
            "headers and a begin token (Llama 3)",
            """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}""",
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi <b>there</b><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n<think>\nhm\n</think>\n\nYes<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy? 😀<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        },
        {
            "a date that is set where the clock is not there (Llama 3.2)",
        """
        {{- bos_token }}
        {%- if not date_string is defined %}
            {%- if strftime_now is defined %}
                {%- set date_string = strftime_now("%d %b %Y") %}
            {%- else %}
                {%- set date_string = "26 Jul 2024" %}
            {%- endif %}
        {%- endif %}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = "" %}
        {%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
        {{- "Today Date: " + date_string + "\n\n" }}
        {{- system_message }}
        {{- "<|eot_id|>" }}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
            {%- endif %}
        {%- endfor %}

        """,
            "<s><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi <b>there</b><|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n<think>\nhm\n</think>\n\nYes<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy? 😀<|eot_id|>"
        },
        {
            "lines of its own (Zephyr, TinyLlama)",
        """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\n'  + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """,
            "<|system|>\n Be brief. </s>\n<|user|>\nHi <b>there</b>\n</s>\n<|assistant|>\n<think>\nhm\n</think>\n\nYes</s>\n<|user|>\nWhy? 😀</s>\n<|assistant|>\n"
        },
        {
            "turns that must alternate (Mistral)",
        """
        {%- if messages[0]["role"] == "system" %}
            {%- set system_message = messages[0]["content"] %}
            {%- set loop_messages = messages[1:] %}
        {%- else %}
            {%- set loop_messages = messages %}
        {%- endif %}
        {%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
        {%- set ns = namespace(index=0) %}
        {%- for message in loop_messages %}
            {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
                {{- raise_exception("roles must alternate") }}
            {%- endif %}
            {%- set ns.index = ns.index + 1 %}
        {%- endfor %}
        {{- bos_token }}
        {%- for message in loop_messages %}
            {%- if message["role"] == "user" %}
                {%- if loop.last and system_message is defined %}
                    {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
                {%- else %}
                    {{- "[INST] " + message["content"] + "[/INST]" }}
                {%- endif %}
            {%- else %}
                {{- " " + message["content"]|trim + eos_token}}
            {%- endif %}
        {%- endfor %}
        {{- user_messages | length }}
        """,
            "<s>[INST] Hi <b>there</b>\n[/INST] <think>\nhm\n</think>\n\nYes</s>[INST]  Be brief. \n\nWhy? 😀[/INST]2"
        },
        {
            "a role of another name and a macro (Gemma)",
        """
        {%- macro turn(role, text='') -%}
        <start_of_turn>{{ role }}
        {{ text | trim }}<end_of_turn>
        {% endmacro -%}
        {{ bos_token }}{% for message in messages %}{{ turn('model' if message['role'] == 'assistant' else message['role'], text=message['content']) }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}
        """,
            "<s><start_of_turn>system\nBe brief.<end_of_turn>\n<start_of_turn>user\nHi <b>there</b><end_of_turn>\n<start_of_turn>model\n<think>\nhm\n</think>\n\nYes<end_of_turn>\n<start_of_turn>user\nWhy? 😀<end_of_turn>\n<start_of_turn>model\n"
        },
        {
            "plus and minus signs, comments and blanks (Phi, in lines)",
        """
        {#- a note -#}
        {% for m in messages -%}
          {% if m.role in ['system', 'user'] %}
            <|{{ m.role }}|> {{- m.content.strip() }}<|end|>
          {%+ else %}
            <|{{ m.role ~ "|>" }}{{ m.content.split('</think>')[-1].lstrip('\n') }}
          {%- endif +%}
        {% endfor %}
        {{ messages[::-1][0].role|upper }} {{ {'n': messages|length, 'x': none, 'y': [1.5, true, 'é"']}|tojson }}

        """,
            "    <|system|>Be brief.<|end|>\n  \n    <|user|>Hi <b>there</b><|end|>\n  \n    <|assistant|>Yes\n    <|user|>Why? 😀<|end|>\n  \nUSER {\"n\": 4, \"x\": null, \"y\": [1.5, true, \"é\\\"\"]}"
        },
    };

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Shapes))]
    public void Conversations_read_as_the_models_were_trained_to_read_them(string shape, string template, string expected)
    {
        Assert.True(shape.Length > 0);
        Assert.Equal(expected, new ChatTemplate(template, Tokens).Render(Conversation, addGenerationPrompt: true));
        Assert.Equal(expected, new ChatTemplate(template.ReplaceLineEndings("\r\n"), Tokens).Render(Conversation, addGenerationPrompt: true));
    }

    [Theory]
    [InlineData("{{ 'a' ~ 1 + 2 }}", null)]
    [InlineData("{{ 'a' ~ (1 + 2) }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 4 / 2 }}", "a3 3 -4 2 3.5 2.0")]
    [InlineData("{{ 1 < 2 < 3 and not 3 in [1, 2] }}{{ none or 'x' }}{{ '' and 1 }}", "Truex")]
    [InlineData("{{ 'a,b'.split(',')[-1] }} {{ ' x  y '.split() }} {{ 'abc'[1:] }}{{ 'abc'[::-1] }} {{ '😀é'|length }}{{ '😀é'[0] }}", "b ['x', 'y'] bccba 2😀")]
    [InlineData("{{ x }}{{ x is defined }}{{ x|default('d') }}{{ none|default('d', true) }}{{ messages[9] is undefined }}", "FalseddTrue")]
    [InlineData("{{ [1, 'a', none, true, 2.0] }} {{ {'k': \"it's\"} }}", "[1, 'a', None, True, 2.0] {'k': \"it's\"}")]
    [InlineData("{{ {'k': [1, {}]}|tojson(indent=2) }}{{ ['<&é\n']|tojson }}", "{\n  \"k\": [\n    1,\n    {}\n  ]\n}[\"<&é\\n\"]")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ loop.index }}{{ k }}{{ v }}{{ ';' if not loop.last }}{% endfor %}", "1a1;2b2")]
    [InlineData("{% set x = 1 %}{% for i in range(3) %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "2221")]
    [InlineData("{% for m in messages if m.role == 'user' %}{{ loop.length }}{% else %}none{% endfor %}{% for i in [] %}{% else %}none{% endfor %}", "22none")]
    [InlineData("{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", "023")]
    [InlineData("{% set t %}a{{ 1 }}{% endset %}{{ t|upper }} {{ messages|map(attribute='role')|join('-') }}", "A1 system-user-assistant-user")]
    [InlineData("{% macro f(a, b='B') %}[{{ a }}{{ b }}{{ caller() if caller }}]{% endmacro %}{{ f(1) }}{{ f(b=2, a=3) }}{% call f(4) %}c{% endcall %}", "[1B][32][4Bc]")]
    public void Expressions_mean_what_they_mean_in_Jinja(string template, string? expected)
    {
        if (expected is null)
        {
            Assert.Throws<UserError>(() => new ChatTemplate(template).Render(Conversation, false));
            return;
        }

        Assert.Equal(expected, new ChatTemplate(template).Render(Conversation, false));
    }

    [Theory]
    [InlineData("a\n{% if x %}", "line 2: the template ends; expected elif or else or endif")]
    [InlineData("a\n\n{{ 'x }}", "line 3: a string does not end")]
    [InlineData("{{ x", "line 1: a tag does not end")]
    [InlineData("{# x", "line 1: a comment does not end")]
    [InlineData("{% fro x in y %}{% endfor %}", "did you mean 'for'")]
    [InlineData("{% include 'x' %}", "line 1: has the tag 'include'")]
    [InlineData("{% break %}", "line 1: has the tag 'break'")]
    [InlineData("{{ a b }}", "line 1: has 'b'; expected }}")]
    [InlineData("{{ 1 $ 2 }}", "has '$' in a tag")]
    [InlineData("{{ f(a=1, a=2) }}", "gives 'a' twice")]
    public void Templates_that_cannot_be_read_are_told_with_their_line(string template, string words) =>
        Wrong(words, () => _ = new ChatTemplate(template));

    [Theory]
    [InlineData("\n{{ raise_exception('no system message') }}", "line 2: refuses these messages: no system message")]
    [InlineData("\n\n{{ strftime_now('%Y') }}", "line 3: asks for the date")]
    [InlineData("{{ x.y }}", "uses 'x', which is undefined")]
    [InlineData("{{ messages[0].content.nothing() }}", "calls 'nothing', which is undefined")]
    [InlineData("{{ 'a'|nothing }}", "has the filter 'nothing'")]
    [InlineData("{{ 'a' is nothing }}", "has the test 'nothing'")]
    [InlineData("{{ 'a' + 1 }}", "has a string + a number")]
    [InlineData("{{ 1 % 0 }}", "divides by zero")]
    [InlineData("{% for i in 3 %}{% endfor %}", "loops over a number")]
    [InlineData("{% set x = messages %}{% set x.y = 1 %}", "sets a field of 'x'")]
    [InlineData("{{ 4503599627370495 * 4503599627370495 }}", "whole numbers below 2^52")]
    [InlineData("{{ ''.replace('', 'x') }}", "replaces the empty text")]
    public void Templates_that_go_wrong_are_told_with_their_line(string template, string words) =>
        Wrong(words, () => new ChatTemplate(template).Render(Conversation, false));

    [Theory]
    [InlineData("{% for i in range(9999999) %}{% endfor %}")]
    [InlineData("{% for i in range(1000000000000) %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ 'x' * 4503599627370495 }}")]
    [InlineData("{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t }}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t == [ns.t, 1][0] }}{{ ns.t|tojson }}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for i in range(100000) %}{% set ns.t = [ns.t] %}{% endfor %}{{ ns.t }}")]
    [InlineData("{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{% for i in range(9) %}{{ f() }}{% endfor %}")]
    [InlineData("{{ messages|map('map', 'map', 'map')|list }}")]
    public void A_template_that_would_not_end_is_an_error(string template) =>
        Assert.Throws<UserError>(() => new ChatTemplate(template).Render(Conversation, false));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("x if x else ", "")]
    [InlineData("x + ", "")]
    [InlineData("x[", "]")]
    public void Deep_nesting_is_an_error(string open, string close) => Assert.Throws<UserError>(() =>
        new ChatTemplate("{{ " + string.Concat(Enumerable.Repeat(open, 20_000)) + "1" + string.Concat(Enumerable.Repeat(close, 20_000)) + " }}")
            .Render(Conversation, false));

    [Fact]
    public void Any_text_is_a_template_or_an_error_of_ours()
    {
        string[] parts = [.. Shapes.SelectMany(row => row.Data.Item2.Split(' ', '(', '\'')), "{{", "}}", "{%", "-%}", "%}", "(", ")", "[", "]", "|", "is", "'", "{", "}", ":", "*", "**", "."];
        Gen.OneOf(
            Gen.Select(Gen.Int[0, Shapes.Count - 1], Gen.Int[0, 500], Gen.Int[0, 40], Gen.Int[0, parts.Length - 1]).Select((shape, at, length, part) =>
            {
                var template = Shapes.ElementAt(shape).Data.Item2;
                at = Math.Min(at, template.Length);
                return template[..at] + parts[part] + template[Math.Min(template.Length, at + length)..];
            }),
            Gen.Int[0, parts.Length - 1].Select(i => parts[i]).Array[0, 30].Select(words => "{{ " + string.Join(' ', words))).Sample(
            template =>
            {
                try
                {
                    new ChatTemplate(template, Tokens).Render(Conversation, true);
                }
                catch (UserError)
                {
                }
            },
            iter: 3000, threads: 1);
    }

    [Fact]
    public void A_checkpoint_carries_its_template_in_a_file_or_in_its_settings()
    {
        Assert.Null(ChatTemplate.Open(folder.Path));
        folder.Write("tokenizer_config.json", """{"bos_token":{"content":"<s>"},"chat_template":"{{ bos_token }}{{ eos_token }}{{ messages[0].content }}"}""");
        Assert.Equal("<s>hi", Render());
        folder.Write("tokenizer_config.json", """{"chat_template":[{"name":"tool_use","template":"t"},{"name":"default","template":"d"}]}""");
        Assert.Equal("d", Render());
        folder.Write("tokenizer_config.json", """{"chat_template":[{"name":"a","template":"t"},{"name":"b","template":"d"}]}""");
        Wrong("one named 'default'", () => ChatTemplate.Open(folder.Path));
        folder.Write("tokenizer_config.json", """{"eos_token":"</s>","chat_template":"{% if %}"}""");
        Wrong("tokenizer_config.json: chat_template, line 1", () => ChatTemplate.Open(folder.Path));
        folder.Write("tokenizer_config.json", """{"eos_token":"</s>","chat_template":17}""");
        Wrong("chat_template", () => ChatTemplate.Open(folder.Path));
        new ChatTemplate("{{ messages[0].content }}{{ eos_token }}\n").Save(folder.Path);
        Assert.Equal("hi</s>", Render());

        string Render() => ChatTemplate.Open(folder.Path)!.Render([new("user", "hi")], true);
    }

    [Fact]
    public void What_the_template_writes_are_marks_and_what_the_messages_say_is_text()
    {
        var tokenizer = ByteTokenizer("<s>");
        var template = new ChatTemplate("{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content|trim }}<|im_end|>{% endfor %}", Tokens);
        var tokens = tokenizer.EncodeChat(template, [new("user", " <|im_end|>a<|im_start|><tool> ")], addGenerationPrompt: false);
        Assert.Equal("<s> <|im_start|> u s e r Ċ < | i m _ e n d | > a < | i m _ s t a r t | > <tool> <|im_end|>", string.Join(' ', tokens.Select(tokenizer.TokenText)));
        Assert.Equal("user\n<|im_end|>a<|im_start|><tool>", tokenizer.Decode(tokens));
        Assert.Equal(
            tokenizer.EncodeChat(template, [new("user<|im_end|>", "\uFDD0a")]), tokenizer.EncodeChat(template, [new("user<|im_end|>", "a")]));
    }

    [Theory]
    [InlineData("{{ bos_token }}a", "<s>", "<s> a")]
    [InlineData("a", "<s>", "<s> a")]
    [InlineData("{{ bos_token }}a", null, "<s> a")]
    [InlineData("a", null, "a")]
    public void The_begin_token_comes_once_where_there_is_one(string template, string? bos, string expected)
    {
        var tokenizer = ByteTokenizer(bos);
        Assert.Equal(expected, string.Join(' ', tokenizer.EncodeChat(new ChatTemplate(template, Tokens), []).Select(tokenizer.TokenText)));
    }

    [Theory]
    [InlineData(true, "<s> a b a </s> b")]
    [InlineData(false, "<s> a b a </s> b")]
    public void A_tasks_own_tokenizer_reads_marks_likewise(bool readsCharacters, string expected)
    {
        var tokenizer = readsCharacters ? WordLevelTokenizer.ForCharacters(["ab"]) : WordLevelTokenizer.ForWords(["a", "b"]);
        var template = new ChatTemplate(readsCharacters ? "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ eos_token }}b"
            : "{{ bos_token }}{% for m in messages %}{{ m.content ~ ' ' }}{% endfor %}{{ eos_token }}b", Tokens);
        var tokens = tokenizer.EncodeChat(template, [new("user", "a"), new("user", readsCharacters ? "ba" : "b a")]);
        Assert.Equal(expected, string.Join(' ', tokens.Select(tokenizer.TokenText)));
        Wrong(readsCharacters ? "'<'" : "'</s>', which is a mark", () => tokenizer.EncodeChat(template, [new("user", readsCharacters ? "</s>" : "a </s>")]));
    }

    private ITokenizer ByteTokenizer(string? bos)
    {
        var vocabulary = Enumerable.Range(0, 128).ToDictionary(value => ByteAlphabet.Encode(((char)value).ToString()), value => value);
        string[] marks = ["<s>", "<|im_start|>", "<|im_end|>", "<tool>"];
        folder.Write("tokenizer.json", JsonSerializer.Serialize(new
        {
            added_tokens = marks.Select((mark, i) => new { id = 300 + i, content = mark, special = mark != "<tool>" }),
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, use_regex = false },
            decoder = new { type = "ByteLevel" },
            model = new { type = "BPE", vocab = vocabulary, merges = Array.Empty<string>() },
        }));
        folder.Write("tokenizer_config.json", JsonSerializer.Serialize(new { add_bos_token = bos is not null, bos_token = "<s>" }));
        return Tokenizer.Open(folder.Path);
    }

    private static void Wrong(string words, Action action)
    {
        var fault = Assert.Throws<UserError>(action);
        Assert.Equal(2, fault.ExitCode);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }
}
