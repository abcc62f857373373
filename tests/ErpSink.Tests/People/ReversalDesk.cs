using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Routing;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Tests.People;

/// <summary>Asks for reversals, and plays the topic of documents: what the outbox publishes is taken in again.</summary>
sealed class ReversalDesk(PostgresFixture postgres) : IRecordPublisher
{
    readonly List<IncomingRecord> _topic = [];

    public PeopleDatabase Database { get; } = new(postgres.Database);

    /// <summary>What was published to the topic of documents so far, repetitions included.</summary>
    public IReadOnlyList<IncomingRecord> Topic => _topic;

    /// <summary>The publisher dies between Kafka's acknowledgement and its own note of it.</summary>
    public bool DiesAfterPublishing { get; set; }

    public Task<RequestDetail> AskAsync(Person by, string key, string why = "posted to the wrong customer") =>
        Database.InAsync(async c => await Requests.GetAsync(c, await Streams.ErpSink.People.Reversals.AskAsync(c, by, key, Topics.ErpDocuments, why)));

    public Task<string> ApproveAsync(Person by, RequestDetail request) => Database.InAsync(c => Requests.DecideAsync(c, by, request.Request.Id, approve: true, request.Request.Hash, ""));

    /// <summary>One asks, another approves; returns the counter-document's key.</summary>
    public async Task<string> ReverseAsync(string key)
    {
        var request = await AskAsync(PeopleLedger.Ann, key);
        Assert.Equal("executed", await ApproveAsync(PeopleLedger.Bob, request));
        return request.Reversal!.DocumentKey;
    }

    /// <summary>Begins with the plain rules and an empty topic, whatever others have left in the outbox.</summary>
    public async Task BeginAsync()
    {
        await PeopleRules.Parse("{}").SaveAsync(postgres.Database);
        await PublishAsync();
        _topic.Clear();
    }

    /// <summary>Publishes what waits in the outbox, as the sink's publisher does.</summary>
    public async Task PublishAsync()
    {
        var options = new ErpSinkOptions { Registry = new FixedRegistry(), Postgres = postgres.ConnectionString, Accounts = [] };
        var publisher = new OutboxPublisher(postgres.Database, this, options.Registry, options, TimeProvider.System, NullLogger<OutboxPublisher>.Instance);
        while (await publisher.StepAsync() > 0)
        {
        }
    }

    Task IRecordPublisher.PublishAsync(IReadOnlyList<OutgoingRecord> records, CancellationToken cancel)
    {
        foreach (var r in records.Where(r => r.Topic == Topics.ErpDocuments))
            _topic.Add(new IncomingRecord(r.Topic, 0, 1_000_000 + _topic.Count, r.Key, r.Value, [.. r.Headers.Select(h => new KeyValuePair<string, byte[]?>(h.Key, h.Value))]));
        return DiesAfterPublishing ? throw new TimeoutException("died after publishing") : Task.CompletedTask;
    }

    /// <summary>Takes records in as the consumer does, by routes of now.</summary>
    public async Task<IntakeCounts> TakeAsync(IReadOnlyList<IncomingRecord> records, string account)
    {
        var (reader, judged) = (new DocumentReader(new FixedRegistry()), new List<JudgedRecord>());
        foreach (var record in records) judged.Add(await reader.ReadAsync(record));
        return await new IntakeStore(postgres.Database, new RouteTable { Routes = [new Route { Account = account }] }, Topics.ErpDeadLetters).TakeAsync($"group-{Guid.NewGuid():N}", judged);
    }

    public static ErpDocument Read(IncomingRecord record) => WireFormat.TryRead(record.Value, out _, out var payload) ? ErpDocument.Read(payload) : throw new InvalidOperationException("not in the wire format");

    public static string Line(IncomingRecord record) => JsonSerializer.Serialize(new { partition = record.Partition, offset = record.Offset, value = Convert.ToBase64String(record.Value!) }) + "\n";

    /// <summary>A document that says it reverses another one.</summary>
    public static IncomingRecord Record(ErpDocument document, string? reverses, long offset)
    {
        var record = Documents.Record(document, offset);
        return reverses is null ? record : record with { Headers = [new(DocumentHeaders.Reverses, System.Text.Encoding.UTF8.GetBytes(reverses))] };
    }
}
