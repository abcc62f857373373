using System.Text.Json.Serialization;

namespace Streams.Broker.Metadata;

/// <summary>How entries of the journal are written and read, made at compile time.</summary>
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
