using System.Globalization;
using Streams.Streaming;
using Streams.Streaming.Tests;

// An instance of the counting topology in a process of its own, for tests that kill or stop it:
// BOOTSTRAP APPLICATION INPUT OUTPUT THREADS SESSION_MS PROTOCOL
var config = new StreamConfig
{
    BootstrapServers = args[0],
    ApplicationId = args[1],
    NumStreamThreads = int.Parse(args[4], CultureInfo.InvariantCulture),
    TransactionTimeout = TimeSpan.FromSeconds(4),
    GroupProtocol = Enum.Parse<GroupProtocol>(args[6]),
    SessionTimeout = TimeSpan.FromMilliseconds(int.Parse(args[5], CultureInfo.InvariantCulture)),
};
var log = new CapturedLog { Echo = Environment.GetEnvironmentVariable("STREAMS_TEST_LOG") is not null };
await using var stream = new KafkaStream(CountingProcessor.Topology(args[2], args[3]), config, log);
await stream.StartAsync();
await stream.WaitUntilRunning();
Console.WriteLine("running");
await stream.Completion;
