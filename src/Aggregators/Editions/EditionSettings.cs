using System.Text.Json;
using Streams.Aggregators.Metering;
using Streams.Schemas;

namespace Streams.Aggregators.Editions;

/// <summary>The settings that decide what becomes of an event, beside contracts. Times in microseconds.</summary>
public sealed record EditionSettings(long WindowSize, long Grace, long DuplicateHorizon, int MostRemembered, string FlushMeter, string MaxQuantity)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static EditionSettings Of(MeteringOptions options) =>
        new(options.WindowSize, options.Grace, options.DuplicateHorizon, options.MostRemembered, options.FlushMeter, options.MaxQuantity.ToString());

    /// <exception cref="JsonException">Not settings.</exception>
    public static EditionSettings Parse(string text) => JsonSerializer.Deserialize<EditionSettings>(text, Json) ?? throw new JsonException("The settings are null");

    public MeteringOptions ApplyTo(MeteringOptions options) => options with
    {
        WindowSize = WindowSize, Grace = Grace, DuplicateHorizon = DuplicateHorizon, MostRemembered = MostRemembered, FlushMeter = FlushMeter, MaxQuantity = ExactDecimal.Parse(MaxQuantity),
    };

    public override string ToString() => JsonSerializer.Serialize(this, Json);
}
