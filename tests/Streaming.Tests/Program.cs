using System.Globalization;
using Streams.Streaming;
using Streams.Streaming.Tests;
using Streams.Streaming.Tests.LocalState;

if (args[0] == "large-state")
    return await LargeStateChild.RunAsync(args);
if (args[0] == "state-bench")
    return await LargeStateBench.RunAsync(args);

// An instance of the counting topology in a process of its own, for tests that kill or stop it:
// BOOTSTRAP APPLICATION INPUT OUTPUT THREADS SESSION_MS PROTOCOL [STATE_DIR INSTANCE STANDBYS [KILL_POINT TIMES]]
var config = new StreamConfig
{
    BootstrapServers = args[0],
    ApplicationId = args[1],
    NumStreamThreads = int.Parse(args[4], CultureInfo.InvariantCulture),
    TransactionTimeout = TimeSpan.FromSeconds(4),
    GroupProtocol = Enum.Parse<GroupProtocol>(args[6]),
    SessionTimeout = TimeSpan.FromMilliseconds(int.Parse(args[5], CultureInfo.InvariantCulture)),
    StateDir = args.Length > 7 ? args[7] : null,
    InstanceId = args.Length > 8 && args[8].Length > 0 ? args[8] : null,
    NumStandbyReplicas = args.Length > 9 ? int.Parse(args[9], CultureInfo.InvariantCulture) : 0,
};
if (args.Length > 11)
{
    var left = int.Parse(args[11], CultureInfo.InvariantCulture);
    KillPoint.Hook = point =>
    {
        if (point == args[10] && Interlocked.Decrement(ref left) == 0)
            Environment.FailFast(null);
    };
}
await using var stream = new KafkaStream(CountingProcessor.Topology(args[2], args[3]), config);
await stream.StartAsync();
await stream.WaitUntilRunning();
Console.WriteLine("running");
await stream.Completion;
return 0;
