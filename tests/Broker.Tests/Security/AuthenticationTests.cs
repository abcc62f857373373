using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Security;

/// <summary>TLS and SASL with the product's own client.</summary>
public sealed class AuthenticationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.Plain)]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.ScramSha256)]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.ScramSha512)]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.Plain)]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.ScramSha512)]
    [InlineData(SecurityProtocol.Ssl, SaslMechanism.Plain)]
    public async Task Records_go_through(SecurityProtocol protocol, SaslMechanism mechanism)
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with
        {
            Tls = protocol == SecurityProtocol.SaslPlaintext ? null : b.Tls, Sasl = protocol == SecurityProtocol.Ssl ? null : b.Sasl,
        });
        var client = broker.Client(protocol, mechanism);
        if (protocol == SecurityProtocol.Ssl) (client.SaslMechanism, client.SaslUsername, client.SaslPassword) = (null, null, null);
        using var producer = new ProducerBuilder<Null, string>(client).Build();
        var large = new string('x', 900_000);
        foreach (var value in new[] { "one", large }) await producer.ProduceAsync(new TopicPartition("secure", 0), new Message<Null, string> { Value = value });
        using var consumer = new ConsumerBuilder<Null, string>(new ConsumerConfig(client) { GroupId = "g", AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        consumer.Subscribe("secure");
        Assert.Equal("one", consumer.Consume(Patience).Message.Value);
        Assert.Equal(large, consumer.Consume(Patience).Message.Value);
    }

    [Theory]
    [InlineData(SaslMechanism.Plain)]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    public async Task A_wrong_password_is_refused(SaslMechanism mechanism)
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        var refused = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var admin = new AdminClientBuilder(new AdminClientConfig(broker.Client(SecurityProtocol.SaslPlaintext, mechanism, "wrong")))
            .SetErrorHandler((_, e) => { if (e.Code == ErrorCode.Local_Authentication) refused.TrySetResult(e); }).SetLogHandler((_, _) => { }).Build();
        var error = await refused.Task.WaitAsync(Patience);
        Assert.Contains("authentication failed", error.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Who_does_not_authenticate_gets_nothing()
    {
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        Assert.Throws<KafkaException>(() => admin.GetMetadata(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task A_session_that_ends_is_renewed_by_the_client_without_a_break()
    {
        // The client comes after nine tenths of a session: the last tenth has to outlast a pause of the machine.
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Sasl = b.Sasl with { SessionLifetime = TimeSpan.FromSeconds(20) } });
        using var admin = new AdminClientBuilder(new AdminClientConfig(broker.Client(SecurityProtocol.SaslPlaintext)) { TopicMetadataRefreshIntervalMs = 100 }).SetLogHandler((_, _) => { }).Build();
        var deadline = DateTime.UtcNow.AddSeconds(43);
        for (var i = 0; DateTime.UtcNow < deadline; i++)
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = $"t{i}", NumPartitions = 1, ReplicationFactor = 1 }]);
            await Task.Delay(200);
        }
    }

    [SkippableFact]
    public async Task Kafkas_own_tools_log_in()
    {
        Skip.If(Checkout.ServersMissing("kafka") is not null, Checkout.ServersMissing("kafka"));
        await using var broker = await SecureBroker.StartAsync(b => b.Options with { Tls = b.Tls, Sasl = b.Sasl });
        var config = Path.Combine(Path.GetDirectoryName(broker.UsersFile)!, "client.properties");
        await File.WriteAllTextAsync(config, $"""
            security.protocol=SASL_SSL
            ssl.truststore.type=PEM
            ssl.truststore.location={broker.CertificateFile}
            sasl.mechanism=SCRAM-SHA-512
            sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="{SecureBroker.User}" password="{SecureBroker.Password.Replace("\"", "\\\"").Replace("ü", "\\u00fc")}";
            """.Replace("\\\"", "\\\\\""));
        using var tool = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            Path.Combine(Checkout.Shared!, "kafka", "kafka"), ["tool", "topics", "--bootstrap-server", broker.BootstrapServers, "--command-config", config, "--create", "--topic", "by-tool"])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = tool.StandardOutput.ReadToEndAsync();
        var errors = tool.StandardError.ReadToEndAsync();
        await tool.WaitForExitAsync();
        Assert.True(tool.ExitCode == 0, await output + await errors);
        Assert.Contains("Created topic by-tool", await output);
    }
}
