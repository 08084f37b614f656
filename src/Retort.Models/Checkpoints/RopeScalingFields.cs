using System.Text.Json;
using Retort.Core;

namespace Retort.Models.Checkpoints;

/// <summary><see cref="RopeScaling"/> as config.json has it: the object rope_scaling, or rope_parameters since transformers 5.</summary>
internal static class RopeScalingFields
{
    private static readonly string[] Types = ["default", "linear", "yarn", "llama3"];

    /// <summary>Null for unscaled positions. What depends on the length of a sequence is refused.</summary>
    public static RopeScaling? Read(JsonFields config)
    {
        foreach (var name in (string[])["rope_parameters", "rope_scaling"])
        {
            if (config.FindObject(name) is { } fields && (fields.FindText("rope_type") ?? fields.FindText("type")) is { } type and not "default")
            {
                return Read(fields, type, config);
            }
        }

        return null;
    }

    /// <summary>Writes rope_scaling.</summary>
    public static void Write(Utf8JsonWriter json, RopeScaling? scaling)
    {
        if (scaling is null)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Kind switch
        {
            RopeScalingKind.Linear => "linear",
            RopeScalingKind.Yarn => "yarn",
            _ => "llama3",
        });
        json.WriteNumber("factor", scaling.Factor);
        json.WriteNumber("original_max_position_embeddings", scaling.OriginalMaxPositions);
        if (scaling.Kind == RopeScalingKind.Yarn)
        {
            json.WriteNumber("attention_factor", scaling.AttentionFactor);
            json.WriteNumber("beta_fast", scaling.BetaFast);
            json.WriteNumber("beta_slow", scaling.BetaSlow);
        }
        else if (scaling.Kind == RopeScalingKind.Llama3)
        {
            json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
            json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
        }

        json.WriteEndObject();
    }

    private static RopeScaling Read(JsonFields fields, string type, JsonFields config)
    {
        var plain = new RopeScaling
        {
            Kind = type switch
            {
                "linear" => RopeScalingKind.Linear,
                "yarn" => RopeScalingKind.Yarn,
                "llama3" => RopeScalingKind.Llama3,
                "dynamic" or "longrope" => throw UserError.Request(
                    fields.Where, $"asks for {type} positions, which change with the length of a sequence", string.Join(", ", Types)),
                _ => throw UserError.Request(fields.Where, $"asks for {type} positions", string.Join(", ", Types), NearestName.Of(type, Types)),
            },
            Factor = fields.FindNumber("factor") ?? throw UserError.Request(fields.Where, "has no factor", "a number of 1 or above"),
            // What transformers assume where it is left out.
            OriginalMaxPositions = fields.FindInt("original_max_position_embeddings") ?? config.RequireInt("max_position_embeddings"),
        };
        if (fields.FindNumber("mscale") is not null || fields.FindNumber("mscale_all_dim") is not null)
        {
            throw UserError.Request(fields.Where, "has mscale, which only other families read", "attention_factor, or neither");
        }

        return plain with
        {
            BetaFast = fields.FindNumber("beta_fast") ?? plain.BetaFast,
            BetaSlow = fields.FindNumber("beta_slow") ?? plain.BetaSlow,
            AttentionFactor = fields.FindNumber("attention_factor") ?? 0,
            LowFrequencyFactor = fields.FindNumber("low_freq_factor") ?? plain.LowFrequencyFactor,
            HighFrequencyFactor = fields.FindNumber("high_freq_factor") ?? plain.HighFrequencyFactor,
        };
    }
}
