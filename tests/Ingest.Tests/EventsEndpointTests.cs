using System.Net;
using System.Text;
using System.Text.Json;
using Streams.Ingest.Http;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Tests;

public sealed class EventsEndpointTests
{
    const string Time = "2026-03-01T11:00:00Z";

    static string Event(string id = "1", string data = """{"quantity":"1.5"}""", string extra = "", string time = Time, string source = "crm", string subject = "c-1", string type = "api.requests") =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"{{source}}","type":"{{type}}","subject":"{{subject}}","time":"{{time}}"{{extra}},"data":{{data}}}""";

    static string Quantity(string json) => Event(data: $$"""{"quantity":{{json}}}""");

    static async Task<JsonElement> Json(HttpResponseMessage response) => JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

    [Fact]
    public async Task A_structured_event_is_published_as_sent()
    {
        await using var entrance = await Entrance.StartAsync();
        var response = await entrance.PostAsync(Event(extra: ",\"region\":\"eu\"", time: "2026-03-01T12:00:00.1234569+02:00",
            data: """{"quantity":12.5e2,"dimensions":{"sku":"a"},"subscription_id":"s-1"}"""));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var usage = Assert.Single(entrance.Publisher.Published);
        Assert.Equal(("1", "crm", "c-1", "api.requests", "s-1"), (usage.Id, usage.Source, usage.CustomerId, usage.Meter, usage.SubscriptionId));
        Assert.Equal("1250", usage.Quantity.ToString());
        Assert.Equal("2026-03-01T10:00:00.123456Z", usage.OccurredAt.ToString());
        Assert.Equal([new("ce.region", "eu"), new("sku", "a")], usage.Dimensions);
        Assert.Equal(32, usage.CorrelationId!.Length);
        Assert.Equal(usage.CorrelationId, (await Json(response)).GetProperty("events")[0].GetProperty("correlation_id").GetString());
    }

    [Fact]
    public async Task A_binary_event_has_its_headers_percent_decoded_once()
    {
        await using var entrance = await Entrance.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new StringContent("""{"quantity":"1"}""", Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "a%2520b"), ("source", "crm"), ("type", "api.requests"), ("subject", "M%C3%BCller"), ("time", Time), ("correlationid", "x-1") })
        {
            request.Headers.TryAddWithoutValidation("ce-" + name, value);
        }
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.Http.SendAsync(request)).StatusCode);
        var usage = Assert.Single(entrance.Publisher.Published);
        Assert.Equal(("a%20b", "Müller", "x-1"), (usage.Id, usage.CustomerId, usage.CorrelationId));
    }

    [Theory]
    [InlineData("%FF")]
    [InlineData("%C3")]
    [InlineData("%zz")]
    [InlineData("a%2")]
    [InlineData("a%00b")]
    public async Task A_header_that_is_not_text_is_refused(string subject)
    {
        await using var entrance = await Entrance.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new StringContent("""{"quantity":"1"}""", Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "a"), ("source", "crm"), ("type", "api.requests"), ("subject", subject), ("time", Time) })
        {
            request.Headers.TryAddWithoutValidation("ce-" + name, value);
        }
        await AssertRefused(entrance, await entrance.Http.SendAsync(request), 400, "TEXT_INVALID");
    }

    public static TheoryData<string, string> BadEvents => new()
    {
        { Quantity("\"NaN\""), "QUANTITY_INVALID" },
        { Quantity("\"Infinity\""), "QUANTITY_INVALID" },
        { Quantity("1e999999999"), "QUANTITY_INVALID" },
        { Quantity("1e-29"), "QUANTITY_INVALID" },
        { Quantity("\"1e3\""), "QUANTITY_INVALID" },
        { Quantity("0.0000000001"), "QUANTITY_INVALID" },
        { Quantity("\"10000000000000000000\""), "QUANTITY_INVALID" },
        { Quantity("\"" + new string('1', 65) + "\""), "QUANTITY_INVALID" },
        { Quantity("\"\""), "QUANTITY_INVALID" },
        { Quantity("-1"), "QUANTITY_NEGATIVE" },
        { Quantity("\"-0.000000001\""), "QUANTITY_NEGATIVE" },
        { Quantity("true"), "FIELD_TYPE" },
        { Quantity("\"\\ud800\""), "TEXT_INVALID" },
        { Event(data: "{}"), "FIELD_MISSING" },
        { Event(data: "[1]"), "FIELD_TYPE" },
        { Event(data: """{"quantity":1,"quantitty":2}"""), "FIELD_UNKNOWN" },
        { Event(data: """{"quantity":1,"dimensions":{"a":1}}"""), "FIELD_TYPE" },
        { Event(data: """{"quantity":1,"dimensions":{"a":"\u0000"}}"""), "TEXT_INVALID" },
        { Event(data: $$$"""{"quantity":1,"dimensions":{"a":"{{{new string('x', 257)}}}"}}"""), "TEXT_TOO_LONG" },
        { Event(data: "{\"quantity\":1,\"dimensions\":{" + string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"d{i}\":\"\"")) + "}}"), "DIMENSIONS_TOO_MANY" },
        { Event(id: "a\\u0000b"), "TEXT_INVALID" },
        { Event(id: "\\ud800"), "TEXT_INVALID" },
        { Event(id: "\\udc00\\ud800"), "TEXT_INVALID" },
        { Event(id: ""), "FIELD_MISSING" },
        { Event(id: new string('x', 201)), "TEXT_TOO_LONG" },
        { Event(id: new string('ü', 101)), "TEXT_TOO_LONG" },
        { Event(subject: "a\\nb"), "TEXT_INVALID" },
        { Event(subject: ""), "FIELD_MISSING" },
        { Event(type: "no.such.meter"), "METER_UNKNOWN" },
        { Event(type: "flush"), "METER_RESERVED" },
        { Event(source: "crm2"), "SOURCE_NOT_ALLOWED" },
        { Event(source: "billing"), "SOURCE_NOT_ALLOWED" },
        { Event(time: "yesterday"), "TIME_INVALID" },
        { Event(time: "2026-02-29T00:00:00Z"), "TIME_INVALID" },
        { Event(time: "2026-03-01T11:00:00"), "TIME_INVALID" },
        { Event(time: "2026-03-01T11:00:60Z"), "TIME_INVALID" },
        { Event(time: "2026-03-01T11:00:00.Z"), "TIME_INVALID" },
        { Event(time: "0001-01-01T00:00:00+23:59"), "TIME_INVALID" },
        { Event(time: "1999-12-31T23:59:59Z"), "TIME_OUT_OF_RANGE" },
        { Event(time: "2026-03-01T12:15:00.000001Z"), "TIME_OUT_OF_RANGE" },
        { Event(extra: ",\"UPPER\":\"x\""), "FIELD_UNKNOWN" },
        { Event(extra: ",\"nested\":{}"), "FIELD_TYPE" },
        { Event(extra: ",\"data_base64\":\"e30=\""), "DATA_CONTENT_TYPE_UNSUPPORTED" },
        { Event(extra: ",\"datacontenttype\":\"text/plain\""), "DATA_CONTENT_TYPE_UNSUPPORTED" },
        { Event().Replace("\"1.0\"", "\"0.3\""), "SPECVERSION_UNSUPPORTED" },
        { "7", "FIELD_TYPE" },
        { "{", "JSON_MALFORMED" },
        { "", "JSON_MALFORMED" },
        { Event() + "x", "JSON_MALFORMED" },
        { Quantity("NaN"), "JSON_MALFORMED" },
        { Event(extra: ",\"id\":\"2\""), "JSON_MALFORMED" },
        { Event(extra: ",\"\\ud800\":\"2\",\"\\ud800\":\"2\""), "JSON_MALFORMED" },
        { Event(data: """{"quantity":1,"quantity":2}"""), "JSON_MALFORMED" },
        { new string('[', 100_000), "JSON_MALFORMED" },
        { Event(data: new string('[', 33) + new string(']', 33)), "JSON_MALFORMED" },
        { Event(data: "{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i}\":0")) + "}"), "FIELD_UNKNOWN" },
    };

    [Theory]
    [MemberData(nameof(BadEvents))]
    public async Task A_bad_event_is_refused_with_code_and_nothing_is_published(string body, string code)
    {
        await using var entrance = await Entrance.StartAsync();
        await AssertRefused(entrance, await entrance.PostAsync(body), 400, code);
    }

    [Fact]
    public async Task Invalid_UTF8_is_refused()
    {
        await using var entrance = await Entrance.StartAsync();
        var body = Encoding.UTF8.GetBytes(Event(subject: "#"));
        body[Array.IndexOf(body, (byte)'#')] = 0xFF;
        await AssertRefused(entrance, await entrance.PostAsync(body), 400, "JSON_MALFORMED");
    }

    [Theory]
    [InlineData(null, 401, "KEY_INVALID")]
    [InlineData("wrong", 401, "KEY_INVALID")]
    [InlineData("sk_unknown", 401, "KEY_INVALID")]
    [InlineData("sk_expired", 401, "KEY_INVALID")]
    [InlineData(Entrance.ContractKey, 403, "SCOPE_MISSING")]
    public async Task A_wrong_key_is_refused(string? key, int status, string code)
    {
        await using var entrance = await Entrance.StartAsync();
        entrance.Http.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        await AssertRefused(entrance, await entrance.PostAsync(Event()), status, code);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("application/cloudevents+json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task Another_content_type_is_refused(string type)
    {
        await using var entrance = await Entrance.StartAsync();
        await AssertRefused(entrance, await entrance.PostAsync(Event(), type), 415, "CONTENT_TYPE_UNSUPPORTED");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_oversized_body_is_refused_whether_its_length_is_stated_or_not(bool stated)
    {
        await using var entrance = await Entrance.StartAsync();
        var keys = Encoding.UTF8.GetBytes("{" + string.Join(',', Enumerable.Range(0, 1_000_000).Select(i => $"\"{i}\":0")) + "}");
        // Whoever streams far beyond the limit is cut off while still sending; only one byte too many leaves the answer to be read for sure.
        if (!stated) keys = keys[..(1024 * 1024 + 1)];
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = stated ? new ByteArrayContent(keys) : new StreamContent(new Unseekable(keys)) };
        request.Headers.ExpectContinue = true;
        request.Content.Headers.TryAddWithoutValidation("Content-Type", MediaTypes.Structured);
        await AssertRefused(entrance, await entrance.Http.SendAsync(request), 413, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task A_batch_tells_every_events_outcome()
    {
        await using var entrance = await Entrance.StartAsync();
        var response = await entrance.PostAsync($"[{Event("1")},{Event("2", """{"quantity":"-1"}""")},{Event("1")},{Event("1", """{"quantity":"9"}""")},7]", MediaTypes.Batch);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var answer = await Json(response);
        Assert.Equal(["accepted", "rejected", "accepted", "conflict", "rejected"], answer.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("outcome").GetString()!));
        Assert.Equal("QUANTITY_NEGATIVE", answer.GetProperty("events")[1].GetProperty("code").GetString());
        Assert.Equal((2, 1, 2), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("conflicts").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.All(entrance.Publisher.Published, e => Assert.Equal("1.5", e.Quantity.ToString()));
    }

    [Fact]
    public async Task A_repetition_is_accepted_and_other_content_is_a_conflict()
    {
        await using var entrance = await Entrance.StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync(Event())).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync(Event(data: """{"quantity":1.50}"""))).StatusCode);
        var conflict = await entrance.PostAsync(Event(data: """{"quantity":2}"""));
        Assert.Equal((HttpStatusCode.Conflict, "ID_CONFLICT"), (conflict.StatusCode, (await Json(conflict)).GetProperty("code").GetString()));
        Assert.Equal(2, entrance.Publisher.Published.Count);
    }

    [Fact]
    public async Task A_batch_is_bounded_may_be_empty_and_is_refused_when_nothing_passes()
    {
        await using var entrance = await Entrance.StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync("[]", MediaTypes.Batch)).StatusCode);
        await AssertRefused(entrance, await entrance.PostAsync($"[{string.Join(',', Enumerable.Repeat("0", 1001))}]", MediaTypes.Batch), 413, "BATCH_TOO_LARGE");
        await AssertRefused(entrance, await entrance.PostAsync("[1,2]", MediaTypes.Batch), 400, "BATCH_REJECTED");
        await AssertRefused(entrance, await entrance.PostAsync(Event(), MediaTypes.Batch), 400, "BATCH_MALFORMED");
    }

    [Fact]
    public async Task What_the_broker_did_not_acknowledge_is_listed_and_may_be_sent_again()
    {
        await using var entrance = await Entrance.StartAsync();
        entrance.Publisher.Answer = e => Task.FromResult(e.Id switch { "1" => Delivery.Acknowledged(0, 7), "2" => Delivery.Unknown("timed out"), _ => Delivery.NotPublished("queue") });
        var response = await entrance.PostAsync($"[{Event("1")},{Event("2")},{Event("3")}]", MediaTypes.Batch);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal(["accepted", "unknown", "not_published"], (await Json(response)).GetProperty("events").EnumerateArray().Select(e => e.GetProperty("outcome").GetString()!));
        entrance.Publisher.Answer = _ => Task.FromResult(Delivery.Acknowledged(0, 8));
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync($"[{Event("1")},{Event("2")},{Event("3")}]", MediaTypes.Batch)).StatusCode);
    }

    [Fact]
    public async Task The_answer_waits_for_the_broker_and_more_than_the_bound_is_told_to_come_again()
    {
        await using var entrance = await Entrance.StartAsync(Entrance.Options with { MaxBatchEvents = 2, MaxEventsInFlight = 2 });
        var broker = new TaskCompletionSource<Delivery>();
        var sent = new TaskCompletionSource();
        entrance.Publisher.Answer = e =>
        {
            if (e.Id == "2") sent.SetResult();
            return broker.Task;
        };
        var waiting = entrance.PostAsync($"[{Event("1")},{Event("2")}]", MediaTypes.Batch);
        await sent.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var second = await entrance.PostAsync(Event("3"));
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.NotNull(second.Headers.RetryAfter);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(2, entrance.Publisher.Published.Count);
        broker.SetResult(Delivery.Acknowledged(0, 0));
        Assert.Equal(HttpStatusCode.Accepted, (await waiting).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync(Event("3"))).StatusCode);
    }

    [Fact]
    public async Task A_keys_allowance_is_kept()
    {
        await using var entrance = await Entrance.StartAsync();
        entrance.Http.DefaultRequestHeaders.Authorization = new("Bearer", "sk_slow");
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync(Event("1"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await entrance.PostAsync(Event("2"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await entrance.PostAsync(Event("3"))).StatusCode);
        Assert.Equal(2, entrance.Publisher.Published.Count);
    }

    [Fact]
    public async Task Nothing_is_taken_before_the_contracts_are_read()
    {
        await using var entrance = await Entrance.StartAsync();
        entrance.Contracts.IsReady = false;
        await AssertRefused(entrance, await entrance.PostAsync(Event()), 503, "CONTRACTS_NOT_READ");
    }

    [Fact]
    public async Task An_unknown_customer_passes_unless_the_option_forbids_it()
    {
        await using var lenient = await Entrance.StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await lenient.PostAsync(Event(subject: "nobody"))).StatusCode);
        await using var strict = await Entrance.StartAsync(Entrance.Options with { RequireKnownCustomer = true });
        await AssertRefused(strict, await strict.PostAsync(Event(subject: "nobody")), 400, "CUSTOMER_UNKNOWN");
    }

    [Fact]
    public async Task A_contract_file_is_taken_whole_or_not_at_all()
    {
        await using var entrance = await Entrance.StartAsync();
        entrance.Http.DefaultRequestHeaders.Authorization = new("Bearer", Entrance.ContractKey);
        const string Meters = """{"meters":[{"id":"a","unit":"u","product":"p"}]}""";
        var good = await entrance.PostAsync(Encoding.UTF8.GetBytes(Meters), "application/json", "/v1/contracts");
        Assert.Equal((HttpStatusCode.Accepted, "meter/a"), (good.StatusCode, (await Json(good)).GetProperty("entries")[0].GetString()));
        Assert.Equal(("a", "contracts"), (entrance.Publisher.Entries.Single().Id, entrance.Publisher.Entries.Single().ChangedBy));
        foreach (var bad in new[] { "{", "[]", Meters.Replace("\"unit\":\"u\",", ""), """{"meters":[],"meters":[]}""", """{"priceBooks":[{"id":"p","currency":"USD","versions":[]}],"meters":[{"id":"b","unit":"u","product":"p"}]}""" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await entrance.PostAsync(Encoding.UTF8.GetBytes(bad), "application/json", "/v1/contracts")).StatusCode);
        }
        Assert.Single(entrance.Publisher.Entries);
        Assert.Equal(HttpStatusCode.OK, (await entrance.Http.GetAsync("/v1/contracts")).StatusCode);
    }

    static async Task AssertRefused(Entrance entrance, HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, JsonSerializer.Deserialize<JsonElement>(text).GetProperty("code").GetString());
        Assert.Equal(status is 429 or 503, response.Headers.RetryAfter is not null);
        Assert.Empty(entrance.Publisher.Published);
    }

    sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
