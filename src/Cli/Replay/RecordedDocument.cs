using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>How many events a line of usage bills, as the document's header says.</summary>
sealed record RecordedLine(string Key, long Events);

/// <summary>A document as it stands in billing.documents, with what its headers say.</summary>
/// <param name="Sha256">Of its bytes.</param>
/// <param name="Stated">The hash that its header states.</param>
/// <param name="Edition">The contract's edition; null: it was made before editions were on record.</param>
/// <param name="Partition">Where its usage lies.</param>
/// <param name="Through">Up to which offset of it.</param>
/// <param name="Place">Where the document stands.</param>
sealed record RecordedDocument(string Id, string Kind, string Customer, string Contract, string Currency, Schemas.Timestamp From, Schemas.Timestamp To, string Total, string Sha256, string Stated, string? Edition,
    int Partition, long Through, IReadOnlyList<RecordedLine> Lines, TopicPartitionOffset Place)
{
    public long Events => Lines.Sum(l => l.Events);

    /// <summary>All documents on record.</summary>
    public static IEnumerable<RecordedDocument> ReadAll(ClientConfig connection) => TopicReader.ReadAll(connection, Topics.BillingDocuments).Select(Read);

    /// <summary>The one of an id, with its bytes.</summary>
    public static (RecordedDocument Document, byte[] Value) Find(ClientConfig connection, string id)
    {
        var prefix = Encoding.UTF8.GetBytes($"{{\"id\":\"{JsonEncodedText.Encode(id, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\",");
        ConsumeResult<byte[], byte[]>? found = null;
        foreach (var record in TopicReader.ReadAll(connection, Topics.BillingDocuments))
        {
            if (!record.Message.Value.AsSpan().StartsWith(prefix)) continue;
            if (found is not null) throw new CommandException(ExitCodes.Failed, $"{id} stands twice in {Topics.BillingDocuments}: at {found.TopicPartitionOffset} and {record.TopicPartitionOffset}");
            found = record;
        }
        return found is null ? throw new CommandException(ExitCodes.NothingMatched, $"There is no document {id} in {Topics.BillingDocuments}") : (Read(found), found.Message.Value);
    }

    /// <summary>The bytes that stand at a place.</summary>
    public static byte[] BytesAt(ClientConfig connection, TopicPartitionOffset place)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(connection) { GroupId = "streams-reader", EnableAutoCommit = false }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(place);
        return consumer.Consume(TimeSpan.FromSeconds(30))?.Message.Value ?? throw new CommandException(ExitCodes.Failed, $"{place} cannot be read");
    }

    static RecordedDocument Read(ConsumeResult<byte[], byte[]> record)
    {
        try
        {
            using var json = JsonDocument.Parse(record.Message.Value);
            using var lineage = JsonDocument.Parse(record.Message.Headers.GetLastBytes("streams.lineage"));
            string Text(string name) => json.RootElement.GetProperty(name).GetString()!;
            var (from, to) = (lineage.RootElement, json.RootElement);
            var lines = from.GetProperty("lines").EnumerateArray().Select(l => new RecordedLine(l.GetProperty("key").GetString()!, l.GetProperty("events").GetInt64())).ToList();
            return new(Text("id"), Text("kind"), Text("customer"), Text("contract"), Text("currency"), Time(Text("from")), Time(Text("to")), to.GetProperty("total").GetString()!,
                Convert.ToHexStringLower(SHA256.HashData(record.Message.Value)), Encoding.ASCII.GetString(record.Message.Headers.GetLastBytes("streams.sha256")),
                record.Message.Headers.TryGetLastBytes("streams.contract", out var edition) ? Encoding.ASCII.GetString(edition) : null,
                from.GetProperty("partition").GetInt32(), from.GetProperty("through").GetInt64(), lines, record.TopicPartitionOffset);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException)
        {
            throw new CommandException(ExitCodes.Failed, $"{record.TopicPartitionOffset} is no billing document: {e.Message}");
        }
    }

    static Schemas.Timestamp Time(string text) => Schemas.Timestamp.From(DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal));
}
