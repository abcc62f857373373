using System.Net;
using System.Net.Sockets;
using System.Text;
using Streams.Schemas.Registry;

namespace Streams.Schemas.Tests.Registry;

/// <summary>The client against scripted answers: caches, refusals, retries, time-outs.</summary>
public sealed class SchemaRegistryClientTests
{
    static readonly SchemaRegistryOptions Options = SchemaRegistryOptions.Parse("http://one.test/base/,http://two.test") with
    {
        Retries = 2,
        Backoff = TimeSpan.FromMilliseconds(1),
    };

    static SchemaRegistryClient Client(Script script, SchemaRegistryOptions? options = null) => new(options ?? Options, script);

    [Fact]
    public async Task Ids_and_schemas_are_asked_once()
    {
        var script = new Script((200, """{"subject":"s","id":7,"version":1,"schema":"\"int\""}"""), (200, """{"schema":"\"int\""}"""));
        using var client = Client(script);
        for (var i = 0; i < 3; i++) Assert.Equal(7, await client.GetIdAsync("s", "\"int\""));
        for (var i = 0; i < 3; i++) Assert.Equal("\"int\"", await client.GetSchemaAsync(7));
        Assert.Equal(["POST http://one.test/base/subjects/s", "GET http://one.test/base/schemas/ids/7"], script.Requests);
    }

    [Fact]
    public async Task Callers_that_ask_at_the_same_time_share_one_call()
    {
        // A second request would find no answer left.
        var script = new Script((200, """{"subject":"s","id":7,"version":1,"schema":"\"int\""}"""));
        using var client = Client(script);
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.GetIdAsync("s", "\"int\""))), id => Assert.Equal(7, id));
        Assert.Single(script.Requests);
    }

    [Fact]
    public async Task Registration_happens_only_when_it_is_on()
    {
        var script = new Script((404, """{"error_code":40401,"message":"Subject 's' not found."}"""), (200, """{"id":3}"""));
        using var off = Client(script);
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => off.GetIdAsync("s", "\"int\""));
        Assert.Equal(40401, error.ErrorCode);
        using var on = Client(script, Options with { RegisterSchemas = true });
        Assert.Equal(3, await on.GetIdAsync("s", "\"int\""));
        Assert.Equal(["POST http://one.test/base/subjects/s", "POST http://one.test/base/subjects/s/versions"], script.Requests);
        Assert.Equal("application/vnd.schemaregistry.v1+json", script.ContentType);
    }

    [Theory]
    [InlineData(404, """{"error_code":40402,"message":"Version 9 not found."}""", 40402)]
    [InlineData(409, """{"error_code":40901,"message":"incompatible"}""", 40901)]
    [InlineData(409, """{"error_code":409,"message":"incompatible"}""", 40901)]
    [InlineData(422, """{"error_code":42201,"message":"invalid"}""", 42201)]
    [InlineData(401, "<html>log in</html>", 401)]
    [InlineData(404, """{"error_code":0,"message":"no"}""", 404)]
    [InlineData(200, "<html>welcome</html>", 0)]
    [InlineData(200, """{"id":1}""", 0)]
    public async Task A_refusal_is_an_exception_with_its_code_and_is_not_repeated(int status, string body, int code)
    {
        var script = new Script((status, body));
        using var client = Client(script);
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.LookupAsync("s", "\"int\""));
        Assert.Equal(code, error.ErrorCode);
        Assert.Single(script.Requests);
    }

    [Fact]
    public async Task An_unknown_id_is_null_and_asked_again()
    {
        var script = new Script((404, """{"error_code":40403,"message":"Schema 7 not found"}"""), (200, """{"schema":"\"int\""}"""));
        using var client = Client(script);
        Assert.Null(await client.GetSchemaAsync(7));
        Assert.Equal("\"int\"", await client.GetSchemaAsync(7));
    }

    [Fact]
    public async Task A_schema_that_is_not_Avro_is_refused()
    {
        using var client = Client(new Script((200, """{"schema":"{}","schemaType":"JSON"}""")));
        Assert.Equal(42201, (await Assert.ThrowsAsync<SchemaRegistryException>(() => client.GetSchemaAsync(7))).ErrorCode);
    }

    [Fact]
    public async Task The_urls_are_tried_in_order_and_then_again()
    {
        var script = new Script((0, ""), (503, ""), (500, """{"error_code":50001,"message":"store"}"""), (200, """["s"]"""));
        using var client = Client(script);
        Assert.Equal(["s"], await client.GetSubjectsAsync());
        Assert.Equal(["GET http://one.test/base/subjects", "GET http://two.test/subjects", "GET http://one.test/base/subjects", "GET http://two.test/subjects"], script.Requests);
    }

    [Fact]
    public async Task Retries_are_bounded_and_the_last_failure_is_told()
    {
        var script = new Script([.. Enumerable.Repeat((500, """{"error_code":50001,"message":"store"}"""), 20)]);
        using var client = Client(script);
        Assert.Equal(50001, (await Assert.ThrowsAsync<SchemaRegistryException>(() => client.GetSubjectsAsync())).ErrorCode);
        Assert.Equal(6, script.Requests.Count); // two URLs, three rounds
    }

    [Fact]
    public async Task A_dead_registry_is_code_0()
    {
        using var reserved = new TcpListener(IPAddress.Loopback, 0);
        reserved.Start();
        var url = $"http://{reserved.LocalEndpoint}";
        reserved.Stop();
        using var client = new SchemaRegistryClient(SchemaRegistryOptions.Parse(url) with { Retries = 1, Backoff = TimeSpan.FromMilliseconds(1) });
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.GetSubjectsAsync());
        Assert.Equal(0, error.ErrorCode);
        Assert.Contains(url, error.Message);
    }

    [Fact]
    public async Task A_silent_registry_times_out()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // connects, never answers
        var options = SchemaRegistryOptions.Parse($"http://{silent.LocalEndpoint}") with { Retries = 100, RequestTimeout = TimeSpan.FromMilliseconds(50), CallTimeout = TimeSpan.FromMilliseconds(300) };
        using var client = new SchemaRegistryClient(options);
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.GetSubjectsAsync()).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, error.ErrorCode);
        Assert.Contains("did not answer", error.Message);
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_told_of_a_failure_of_the_registry()
    {
        using var client = Client(new Script());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetSubjectsAsync(new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost:8081")]
    [InlineData("http://a,ftp://b")]
    public void A_bad_url_is_refused(string urls) => Assert.Throws<FormatException>(() => SchemaRegistryOptions.Parse(urls));

    [Fact]
    public async Task The_user_is_sent_and_the_subject_escaped()
    {
        var script = new Script((200, "[1]"));
        using var client = Client(script, Options with { BasicAuthUserInfo = "ann:secret" });
        await client.GetVersionsAsync("a/b ü");
        Assert.Equal(["GET http://one.test/base/subjects/a%2Fb%20%C3%BC/versions"], script.Requests);
        Assert.Equal("Basic " + Convert.ToBase64String("ann:secret"u8), script.Authorization);
    }

    /// <summary>Answers in turn; status 0 is a connection that fails.</summary>
    sealed class Script(params (int Status, string Body)[] answers) : HttpMessageHandler
    {
        readonly Queue<(int Status, string Body)> _answers = new(answers);

        public List<string> Requests { get; } = [];

        public string? ContentType { get; private set; }

        public string? Authorization { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            Requests.Add($"{request.Method} {request.RequestUri!.AbsoluteUri}");
            ContentType = request.Content?.Headers.ContentType?.MediaType;
            Authorization = request.Headers.Authorization?.ToString();
            var (status, body) = _answers.Dequeue();
            if (status == 0) throw new HttpRequestException("connection refused");
            return Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") });
        }
    }
}
