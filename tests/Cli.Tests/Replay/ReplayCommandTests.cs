using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Streams.Aggregators.Replay;
using Streams.Schemas;
using static Streams.Cli.Tests.Replay.InProcess;

namespace Streams.Cli.Tests.Replay;

/// <summary>The commands that replay a pipeline's topics, as processes.</summary>
[Collection(ReplayCollection.Name)]
public sealed class ReplayCommandTests(Pipeline pipeline)
{
    string At => $"--bootstrap-server {pipeline.Kafka}";

    [Fact]
    public void Every_document_is_made_again_byte_for_byte_before_and_after_the_prices_changed()
    {
        var (code, output, error) = Run($"rate verify --all {At} --output json");
        Assert.True(code == 0, error);
        var documents = JsonNode.Parse(output)!["documents"]!.AsArray();
        Assert.Equal(TopicReader.ReadAll(pipeline.Connection, Topics.BillingDocuments).Count(), documents.Count);
        Assert.Contains(documents, d => (string)d!["document"]! == "acme-1/0000/correction-1");
        Assert.Equal(2, documents.Where(d => (string)d!["customer"]! == "acme" && !((string)d["document"]!).Contains("correction", StringComparison.Ordinal)).Select(d => (string)d!["edition"]!).Distinct().Count());
    }

    [Fact]
    public void One_document_in_a_table()
    {
        var (code, output, error) = Run($"rate verify --document acme-1/0000/period {At}");
        Assert.Equal(0, code);
        Assert.Contains("same", output);
        Assert.Contains("1 of 1 documents are the same bytes", error);
        Assert.Contains("a second", error);
        Assert.Equal(4, Run($"rate verify --document no/such {At}").Code);
        Assert.Equal(4, Run($"rate verify --all --from 2030-01-01 {At}").Code);
    }

    [Fact]
    public async Task A_changed_document_a_changed_quantity_a_removed_record_and_changed_definitions_are_found()
    {
        var document = await pipeline.CopyAsync((topic, r) => topic == Topics.BillingDocuments && Text(r).Contains("acme-1/0000/period\"", StringComparison.Ordinal)
            ? new() { Key = r.Message.Key, Value = Encoding.UTF8.GetBytes(Text(r).Replace("\"quantity\":\"7\"", "\"quantity\":\"8\"", StringComparison.Ordinal)), Headers = r.Message.Headers }
            : Same(r));
        var (code, _, error) = Run($"rate verify --document acme-1/0000/period --bootstrap-server {document}");
        Assert.Equal(1, code);
        Assert.Contains("line 2, quantity: 8 on record, 7 computed", error);

        var quantity = await pipeline.CopyAsync((topic, r) => topic == Topics.UsageEvents && UsageTrail.Read(r.Message.Value) is { Id: "acme-2-3" } usage
            ? new() { Key = r.Message.Key, Value = Pipeline.Encode(usage with { Quantity = ExactDecimal.Parse("104") }), Headers = r.Message.Headers }
            : Same(r));
        (code, _, error) = Run($"rate verify --all --bootstrap-server {quantity}");
        Assert.Equal(1, code);
        Assert.Contains("acme-1/0001/period: line 1, quantity: 1055 on record, 1056 computed", error);

        var definition = await pipeline.CopyAsync((topic, r) => topic == Topics.ContractEditions && Text(r).StartsWith("{\"priceBooks\"", StringComparison.Ordinal)
            ? new() { Key = r.Message.Key, Value = Encoding.UTF8.GetBytes(Text(r).Replace("\"0.2\"", "\"0.3\"", StringComparison.Ordinal)), Headers = r.Message.Headers }
            : Same(r));
        (code, _, error) = Run($"rate verify --all --bootstrap-server {definition}");
        Assert.Equal(3, code);
        Assert.Contains("it was changed", error);

        await RemoveFirstAsync(quantity);
        (code, _, error) = Run($"rate verify --all --bootstrap-server {quantity}");
        Assert.Equal(3, code);
        Assert.Contains("removed by retention", error);
    }

    [Fact]
    public void A_line_of_the_stream_is_explained_by_the_prices_that_it_was_billed_by()
    {
        Assert.Contains("× 0.1 = ", Run($"rate explain --document acme-1/0000/period --line 1 {At}").Output);
        Assert.Contains("1055 × 0.2 = 211", Run($"rate explain --document acme-1/0001/period --line 1 {At}").Output);
        Assert.Equal(4, Run($"rate explain --document acme-1/0001/period --line 9 {At}").Code);
    }

    static async Task RemoveFirstAsync(string kafka)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka }).Build();
        await admin.DeleteRecordsAsync([new(Topics.UsageEvents, 0, 2)]);
    }

    static Message<byte[], byte[]> Same(ConsumeResult<byte[], byte[]> record) => new() { Key = record.Message.Key, Value = record.Message.Value, Headers = record.Message.Headers };

    static string Text(ConsumeResult<byte[], byte[]> record) => Encoding.UTF8.GetString(record.Message.Value);
}
