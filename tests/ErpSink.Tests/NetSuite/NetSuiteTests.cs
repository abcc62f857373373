using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.Simulators;

namespace Streams.ErpSink.Tests;

/// <summary>The meaning of NetSuite's answers, the assertion, the mapping.</summary>
public sealed class NetSuiteTests
{
    static readonly NetSuiteAnswers Answers = new(new NetSuiteOptions { Account = "1234567" }, TimeProvider.System);

    const string Place = "https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/invoice/98765";

    [Theory]
    [InlineData(204, Place, "", ErpOutcome.Created)]
    [InlineData(204, null, "", ErpOutcome.Unknown)]
    [InlineData(302, Place, "", ErpOutcome.Unknown)]
    [InlineData(429, null, "CONCURRENCY_LIMIT_EXCEEDED|Concurrent request limit exceeded. Request blocked.", ErpOutcome.Throttled)]
    [InlineData(400, null, "USER_ERROR|Error while accessing a resource. This entity already exists.", ErpOutcome.Duplicate)]
    [InlineData(400, null, "IDEMPOTENCY_ERROR|Conflict", ErpOutcome.Duplicate)]
    [InlineData(400, null, "USER_ERROR|You have entered an Invalid Field Value 53384 for the following field: customer.", ErpOutcome.Validation)]
    [InlineData(400, null, "USER_ERROR|The accounting period is closed.", ErpOutcome.PeriodClosed)]
    [InlineData(400, null, "RCRD_HAS_BEEN_CHANGED|Record has been changed", ErpOutcome.Unknown)]
    [InlineData(424, null, "RCRD_HAS_BEEN_CHANGED|Record has been changed", ErpOutcome.Unknown)]
    [InlineData(400, null, "<html>proxy</html>", ErpOutcome.Unknown)]
    [InlineData(401, null, "INVALID_LOGIN_ATTEMPT|Invalid login attempt.", ErpOutcome.Unauthorized)]
    [InlineData(403, null, "", ErpOutcome.Unauthorized)]
    [InlineData(405, null, "INVALID_METHOD|no", ErpOutcome.Validation)]
    [InlineData(408, null, "", ErpOutcome.Unknown)]
    [InlineData(500, null, "UNEXPECTED_ERROR|x", ErpOutcome.Unknown)]
    [InlineData(503, null, "", ErpOutcome.Throttled)]
    [InlineData(504, null, "{\"o:errorDetails\":[]}", ErpOutcome.Unknown)]
    public void The_answer_to_a_posting_is_classified_by_its_body(int status, string? location, string body, ErpOutcome expected) =>
        Assert.Equal(expected, Answers.OfPost(status, location, Body(body)).Outcome);

    [Theory]
    [InlineData(404, "NONEXISTENT_ID|The record instance does not exist.", ErpOutcome.Absent)]
    [InlineData(404, "<html>not here</html>", ErpOutcome.Unknown)]
    [InlineData(400, "USER_ERROR|permission", ErpOutcome.Unknown)]
    [InlineData(400, "USER_ERROR|Permission Violation: You need the 'Transactions -> Invoice' permission", ErpOutcome.Unauthorized)]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(502, "", ErpOutcome.Unknown)]
    public void Only_NetSuites_own_word_is_an_absence(int status, string body, ErpOutcome expected) =>
        Assert.Equal(expected, Answers.OfQuestion(status, Body(body), absence: true).Outcome);

    [Theory]
    [InlineData("ES256")]
    [InlineData("PS256")]
    public void The_assertion_is_a_JWT_that_the_public_key_verifies(string algorithm)
    {
        var (privateKey, publicKey) = ClientAssertion.NewKeyPair(algorithm);
        var options = new NetSuiteOptions { Account = "1234567_SB1", ClientId = "client", CertificateId = "kid-1", PrivateKeyPem = privateKey, Algorithm = algorithm };
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var parts = ClientAssertion.Create(options, now).Split('.');

        using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        Assert.Equal(("JWT", algorithm, "kid-1"), (header.RootElement.GetProperty("typ").GetString(), header.RootElement.GetProperty("alg").GetString(), header.RootElement.GetProperty("kid").GetString()));
        Assert.Equal("client", claims.RootElement.GetProperty("iss").GetString());
        Assert.Equal("https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token", claims.RootElement.GetProperty("aud").GetString());
        Assert.InRange(claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64(), 1, 3600);
        var (data, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        Assert.True(Verify(algorithm, publicKey, data, signature));
        data[^1] ^= 1;
        Assert.False(Verify(algorithm, publicKey, data, signature));
    }

    [Fact]
    public void RS256_is_not_offered() =>
        Assert.Throws<ArgumentException>(() => ClientAssertion.Create(
            new NetSuiteOptions { Account = "1", ClientId = "c", CertificateId = "k", PrivateKeyPem = ClientAssertion.NewKeyPair("PS256").PrivateKeyPem, Algorithm = "RS256" }, DateTimeOffset.UnixEpoch));

    [Theory]
    [InlineData("{}", "erp")]
    [InlineData("[", "JSON")]
    [InlineData("""{"erp":"netsuite","version":"1","settings":{"receivableAccount":"1"},"tables":{"subsidiaries":{"*":""},"currencies":{"*":"1"},"customers":{"*":"1"},"items":{"*":"1"},"revenueAccounts":{"*":"1"}}}""", "tables.subsidiaries.*: is empty")]
    [InlineData("""{"erp":"netsuite","version":"1","settings":{},"tables":{"subsidiarys":{"*":"1"},"currencies":{"*":"1"},"customers":{"*":"1"},"items":{"*":"1"},"revenueAccounts":{"*":"1"}}}""", "tables.subsidiarys: is not known")]
    [InlineData("""{"erp":"s4hana","version":"1","tables":{}}""", "erp: is 's4hana'")]
    public void A_mapping_with_holes_is_refused_at_the_start(string json, string fault) =>
        Assert.Contains(fault, Assert.Throws<ArgumentException>(() => ErpMapping.Parse(json, NetSuiteRecord.Shape)).Message);

    [Fact]
    public async Task The_simulator_keeps_its_records_over_a_restart_and_cuts_a_torn_line()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("streams-sim-").FullName, "journal.jsonl");
        var (privateKey, publicKey) = ClientAssertion.NewKeyPair("PS256");
        var options = new SimulatorOptions { JournalFile = file, Certificates = new Dictionary<string, string> { ["k"] = publicKey } };
        var document = Documents.Create(1);
        await using (var simulator = await NetSuiteSimulator.StartAsync(options)) Assert.Equal(ErpOutcome.Created, (await PostAsync(simulator)).Outcome);
        await File.AppendAllTextAsync(file, "{\"id\":1002,\"ty");
        await using (var simulator = await NetSuiteSimulator.StartAsync(options))
        {
            Assert.Single(simulator.Journal.Records);
            Assert.Equal(ErpOutcome.Duplicate, (await PostAsync(simulator)).Outcome);
        }
        Assert.Single(SimulatorJournal.Read(file));

        async Task<ErpAnswer> PostAsync(NetSuiteSimulator simulator)
        {
            using var handler = ErpHttp.Handler();
            using var connector = new NetSuiteConnector(new NetSuiteOptions
                { Account = "1", BaseAddress = simulator.Address, ClientId = options.ClientId, CertificateId = "k", PrivateKeyPem = privateKey, Algorithm = "PS256" }, handler, TimeProvider.System);
            return (await connector.PostAsync([document], "call", CancellationToken.None))[0];
        }
    }

    static bool Verify(string algorithm, string publicKey, byte[] data, byte[] signature)
    {
        if (algorithm == "ES256")
        {
            using var ec = ECDsa.Create();
            ec.ImportFromPem(publicKey);
            return ec.VerifyData(data, signature, HashAlgorithmName.SHA256);
        }
        using var rsa = RSA.Create();
        rsa.ImportFromPem(publicKey);
        return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    static string Body(string text)
    {
        var parts = text.Split('|');
        return parts.Length == 1 ? text
            : JsonSerializer.Serialize(new Dictionary<string, object> { ["o:errorDetails"] = new[] { new Dictionary<string, string> { ["detail"] = parts[1], ["o:errorCode"] = parts[0] } } });
    }
}
