using Npgsql;
using Streams.ErpSink.People;
using Streams.ErpSink.Reversing;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.People;

/// <summary>The sink as a whole, from the approval through the broker to the ERP, with an ERP that takes whatever it is sent.</summary>
public sealed class ReversalOnKafkaTests
{
    [Fact]
    public async Task Through_the_broker_and_again_after_an_old_backup_it_is_posted_once()
    {
        await using var plant = await Plant.StartAsync();
        var documents = Enumerable.Range(1, 3).Select(n => Documents.Create(n, prefix: "plant")).ToList();
        await plant.ProduceAsync(documents);
        await plant.RunUntilAsync(Confirmed(3));
        await plant.BackUpAsync();

        // The sink is not there when the last approval comes.
        await ReverseAsync(plant, documents[0].DocumentKey);
        await plant.RunUntilAsync(Confirmed(4));
        Assert.Equal(4, plant.Erp.Posts);
        AssertProved(plant, documents);

        // A ledger from before the request learns from the topic that the document is reversed, and finds the reversal in the ERP.
        await plant.RestoreAsync();
        Assert.Equal(0, await plant.QueryAsync<long>("select count(*) from erp.reversal"));
        await plant.RunUntilAsync(Confirmed(4));
        Assert.Equal(4, plant.Erp.Posts);
        Assert.Equal(documents[0].DocumentKey, await plant.QueryAsync<string>("select document_key from erp.reversal where request_id is null"));
        Assert.Equal("REVERSED", (await Assert.ThrowsAsync<PeopleException>(() => ReverseAsync(plant, documents[0].DocumentKey))).Code);
        AssertProved(plant, documents);
    }

    static string Confirmed(int documents) => $"select count(*) filter (where state = 'confirmed') = {documents} and not exists (select 1 from erp.outbox where published_at is null) from erp.posting";

    static async Task ReverseAsync(Plant plant, string key)
    {
        await using var database = NpgsqlDataSource.Create(plant.ConnectionString + ";Pooling=false");
        var people = new PeopleDatabase(database);
        var request = await people.InAsync(async c => await Requests.GetAsync(c, await Streams.ErpSink.People.Reversals.AskAsync(c, PeopleLedger.Ann, key, Topics.ErpDocuments, "posted by mistake")));
        Assert.Equal("executed", await people.InAsync(c => Requests.DecideAsync(c, PeopleLedger.Bob, request.Request.Id, approve: true, request.Request.Hash, "")));
    }

    static void AssertProved(Plant plant, List<ErpDocument> documents)
    {
        if (Testing.ThreeWayChecker.Missing is not null) return;
        var folder = Directory.CreateTempSubdirectory("streams-reversal-").FullName;
        try
        {
            var (code, output) = ThreeWay.Check(folder, plant.ConnectionString, "OPEN", plant.Erp.Journal(), ThreeWay.Records([.. documents, CounterDocument.Of(documents[0])]), "--settled");
            Assert.True(code == 0 && output.Contains("4 documents in the ledger, 4 on the topic, 4 records in 1 ERPs: 0 faults", StringComparison.Ordinal), output);
            if (Testing.Checkout.Program("kcat") is null) return;
            var live = Testing.ThreeWayChecker.Run("--journal", $"OPEN={Path.Combine(folder, "checked-OPEN.jsonl")}", "--postgres", plant.ConnectionString, "--bootstrap-server", plant.Bootstrap, "--settled");
            Assert.True(live.Code == 0 && live.Output.Contains("4 on the topic", StringComparison.Ordinal), live.Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
