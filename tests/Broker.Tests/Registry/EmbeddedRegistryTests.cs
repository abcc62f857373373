using Streams.Broker.Tests.Contract;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Broker.Registry;
using Streams.Schemas.Registry;

namespace Streams.Broker.Tests.Registry;

/// <summary>What the embedded registry promises beyond the contract: its topic, restarts, limits.</summary>
[Collection(nameof(ApacheKafka))]
public sealed class EmbeddedRegistryTests(ApacheKafka kafka)
{
    readonly string _topic = $"_schemas-{Guid.NewGuid():N}";

    Task<EmbeddedRegistry> StartAsync()
    {
        Skip.If(kafka.BootstrapServers is null, "../shared/kafka or Java is missing");
        return EmbeddedRegistry.StartAsync(new() { BootstrapServers = kafka.BootstrapServers!, Topic = _topic, StoreTimeout = TimeSpan.FromSeconds(60) });
    }

    static SchemaRegistryClient Client(EmbeddedRegistry registry) => new(SchemaRegistryOptions.Parse(registry.Url) with { RegisterSchemas = true, Retries = 0, RequestTimeout = TimeSpan.FromSeconds(120) });

    [SkippableFact]
    public async Task Schemas_ids_levels_and_deletions_survive_a_restart()
    {
        int first, second;
        using var http = new HttpClient();
        await using (var registry = await StartAsync())
        {
            using var client = Client(registry);
            first = await client.RegisterAsync("a-value", "\"string\"");
            second = await client.RegisterAsync("b-value", "\"long\"");
            await client.RegisterAsync("gone-value", "\"long\"");
            await client.SetCompatibilityAsync(null, "FULL");
            await client.SetCompatibilityAsync("a-value", "NONE");
            (await http.DeleteAsync($"{registry.Url}/subjects/gone-value")).EnsureSuccessStatusCode();
        }
        await using var again = await StartAsync();
        using var later = Client(again);
        Assert.Equal(["a-value", "b-value"], await later.GetSubjectsAsync());
        Assert.Equal("\"string\"", await later.GetSchemaAsync(first));
        Assert.Equal(second, await later.RegisterAsync("b-value", "\"long\""));
        Assert.Equal("FULL", await later.GetCompatibilityAsync());
        Assert.Equal("NONE", await later.GetCompatibilityAsync("a-value"));
        Assert.Equal(second + 1, await later.RegisterAsync("a-value", "\"int\""));
        Assert.Equal(second, await later.RegisterAsync("gone-value", "\"long\""));
        Assert.Equal([2], await later.GetVersionsAsync("gone-value"));
    }

    [SkippableFact]
    public async Task An_id_deleted_for_good_is_never_given_again()
    {
        using var http = new HttpClient();
        int gone;
        await using (var registry = await StartAsync())
        {
            using var client = Client(registry);
            gone = await client.RegisterAsync("a-value", "\"string\"");
            (await http.DeleteAsync($"{registry.Url}/subjects/a-value/versions/1")).EnsureSuccessStatusCode();
            (await http.DeleteAsync($"{registry.Url}/subjects/a-value/versions/1?permanent=true")).EnsureSuccessStatusCode();
        }
        Assert.Contains(Records(), r => r.Key == """{"keytype":"NOOP","magic":0}""" && r.Value == $$"""{"maxId":{{gone}}}"""); // outlives compaction
        await using var again = await StartAsync();
        using var later = Client(again);
        Assert.Null(await later.GetSchemaAsync(gone));
        Assert.Equal(gone + 1, await later.RegisterAsync("a-value", "\"string\""));
    }

    [SkippableFact]
    public async Task The_topic_is_compacted_and_holds_Confluents_records()
    {
        await using var registry = await StartAsync();
        using var client = Client(registry);
        using var http = new HttpClient();
        await client.RegisterAsync("a+ü-value", """{"type": "string"}""");
        await client.SetCompatibilityAsync(null, "FULL");
        await client.SetCompatibilityAsync("a+ü-value", "NONE");
        (await http.DeleteAsync($"{registry.Url}/subjects/{Uri.EscapeDataString("a+ü-value")}")).EnsureSuccessStatusCode();
        Assert.Equal(
            [
                ("""{"keytype":"SCHEMA","subject":"a+ü-value","version":1,"magic":1}""", """{"subject":"a+ü-value","version":1,"id":1,"schema":"\"string\"","deleted":false}"""),
                ("""{"keytype":"CONFIG","magic":0}""", """{"compatibilityLevel":"FULL"}"""),
                ("""{"keytype":"CONFIG","subject":"a+ü-value","magic":0}""", """{"subject":"a+ü-value","compatibilityLevel":"NONE"}"""),
                ("""{"keytype":"DELETE_SUBJECT","subject":"a+ü-value","magic":0}""", """{"subject":"a+ü-value","version":1}"""),
                ("""{"keytype":"CONFIG","subject":"a+ü-value","magic":0}""", null),
            ],
            Records());
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        var config = (await admin.DescribeConfigsAsync([new() { Type = ResourceType.Topic, Name = _topic }])).Single();
        Assert.Equal("compact", config.Entries["cleanup.policy"].Value);
    }

    [SkippableFact]
    public async Task Records_of_Confluents_registry_are_read_and_foreign_ones_left_out()
    {
        await (await StartAsync()).DisposeAsync();
        using (var producer = new ProducerBuilder<string, string?>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build())
        {
            foreach (var (key, value) in new (string, string?)[]
            {
                ("""{"keytype":"NOOP","magic":0}""", null),
                ("""{"keytype":"CONFIG","subject":null,"magic":0}""", """{"compatibilityLevel":"FORWARD"}"""),
                ("not json", "{}"),
                ("""{"keytype":"CLEAR_SUBJECT","subject":"x","magic":0}""", """{"subject":"x"}"""),
                ("""{"keytype":"SCHEMA","subject":"x-value","version":1,"magic":1}""", """{"subject":"x-value","version":1,"id":17,"md5":"AAAA","schema":"{\"fields\":[{\"name\":\"a\",\"type\":\"int\"}],\"type\":\"record\",\"name\":\"X\"}","deleted":false,"ruleSet":null}"""),
            })
            {
                await producer.ProduceAsync(new TopicPartition(_topic, 0), new() { Key = key, Value = value });
            }
        }
        await using var registry = await StartAsync();
        using var client = Client(registry);
        Assert.Equal("FORWARD", await client.GetCompatibilityAsync());
        Assert.Equal(17, await client.RegisterAsync("y-value", """{"type":"record","name":"X","fields":[{"type":"int","name":"a"}]}"""));
        Assert.Equal(18, await client.RegisterAsync("z-value", "\"int\""));
    }

    [SkippableFact]
    public async Task A_topic_that_could_lose_schemas_is_refused()
    {
        Skip.If(kafka.BootstrapServers is null, "../shared/kafka or Java is missing");
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new() { Name = _topic, NumPartitions = 1, ReplicationFactor = 1 }]);
        Assert.Contains("cleanup.policy=delete", (await Assert.ThrowsAsync<InvalidOperationException>(StartAsync)).Message);
    }

    [SkippableTheory]
    [InlineData("POST", "/subjects/a/versions", "{", "application/json", 400, 400)]
    [InlineData("POST", "/subjects/a/versions", "{}", "application/json", 422, 42201)]
    [InlineData("POST", "/subjects/a/versions", """{"schema":"\"int\""}""", "text/plain", 415, 415)]
    [InlineData("POST", "/subjects/a/versions", """{"schema":"\"int\"","schemaType":"JSON"}""", "application/json", 422, 42201)]
    [InlineData("POST", "/subjects/a/versions", """{"schema":"\"int\"","references":[{"name":"x","subject":"x","version":1}]}""", "application/json", 422, 42201)]
    [InlineData("POST", "/subjects/a/versions", """{"schema":"\"int\"","id":7}""", "application/json", 422, 42205)]
    [InlineData("POST", "/subjects/a%00b/versions", """{"schema":"\"int\""}""", "application/json", 400, null)]
    [InlineData("GET", "/subjects/a/versions/0", null, null, 422, 42202)]
    [InlineData("GET", "/subjects/a/versions/x", null, null, 422, 42202)]
    [InlineData("GET", "/config/a", null, null, 404, 40408)]
    [InlineData("GET", "/mode/a", null, null, 404, 40409)]
    [InlineData("PUT", "/mode", """{"mode":"READONLY"}""", "application/json", 422, 42205)]
    [InlineData("PUT", "/config", """{"compatibility":null}""", "application/json", 422, 42203)]
    [InlineData("DELETE", "/subjects/a", null, null, 404, 40401)]
    [InlineData("DELETE", "/schemas/types", null, null, 405, 405)]
    [InlineData("GET", "/nothing/here", null, null, 404, 404)]
    public async Task A_bad_request_is_refused_with_its_code(string method, string path, string? body, string? type, int status, int? code)
    {
        await using var registry = await StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new(method), registry.Url + path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type!);
        var response = await http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (code is null) return; // refused by the server before any route
        Assert.Equal(code, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error_code").GetInt32());
        Assert.Empty(Records());
    }

    [SkippableFact]
    public async Task A_body_of_more_than_a_mebibyte_is_refused()
    {
        await using var registry = await StartAsync();
        using var client = Client(registry);
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.RegisterAsync("a", $$"""{"type":"string","doc":"{{new string('x', 1 << 20)}}"}"""));
        Assert.Equal(413, error.ErrorCode);
    }

    [SkippableFact]
    public async Task Deleting_follows_Confluents_order()
    {
        await using var registry = await StartAsync();
        using var client = Client(registry);
        using var http = new HttpClient();
        await client.RegisterAsync("a", "\"int\"");
        await client.RegisterAsync("a", "\"long\"");
        async Task<(int, string)> Delete(string path)
        {
            var response = await http.DeleteAsync(registry.Url + path);
            var body = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode ? (200, body) : (JsonDocument.Parse(body).RootElement.GetProperty("error_code").GetInt32(), "");
        }
        Assert.Equal((40407, ""), await Delete("/subjects/a/versions/2?permanent=true"));
        Assert.Equal((200, "2"), await Delete("/subjects/a/versions/latest"));
        Assert.Equal((40406, ""), await Delete("/subjects/a/versions/2"));
        Assert.Equal((40405, ""), await Delete("/subjects/a?permanent=true"));
        Assert.Equal((200, "[1]"), await Delete("/subjects/a"));
        Assert.Equal((40404, ""), await Delete("/subjects/a"));
        Assert.Equal("[1,2]", await http.GetStringAsync($"{registry.Url}/subjects/a/versions?deleted=true"));
        Assert.Equal((200, "[1,2]"), await Delete("/subjects/a?permanent=true"));
        Assert.Equal((40401, ""), await Delete("/subjects/a"));
    }

    /// <summary>The topic, read by a plain consumer.</summary>
    List<(string Key, string? Value)> Records()
    {
        var config = new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = "test", EnablePartitionEof = true, EnableAutoCommit = false };
        using var consumer = new ConsumerBuilder<string, string?>(config).Build();
        consumer.Assign(new TopicPartitionOffset(_topic, 0, Offset.Beginning));
        var records = new List<(string, string?)>();
        while (consumer.Consume(TimeSpan.FromSeconds(60)) is { } result)
        {
            if (result.IsPartitionEOF) return records;
            records.Add((result.Message.Key, result.Message.Value));
        }
        throw new TimeoutException("The end of the topic was not reached");
    }
}
