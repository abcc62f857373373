using System.Reflection;
using Confluent.Kafka;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>The planted bug <see cref="Bug.NoFencing"/>: the runtime's memory of its generation is replaced by one of no generation, before each commit.</summary>
internal static class Unfenced
{
    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    public static void Make(KafkaStream stream, Job job)
    {
        var stranger = new ConsumerBuilder<Null, Null>(new ConsumerConfig { BootstrapServers = job.BootstrapServers, GroupId = job.Application }).Build();
        KillPoint.Hook += point =>
        {
            if (point != "stream.before_commit") return;
            foreach (var thread in (Array)Field(stream, f => f.Name == "threads")!)
            {
                if (thread is null) continue;
                var membership = Field(thread, f => f.FieldType.Name == "GroupMembership")!;
                var generation = membership.GetType().GetFields(Private).Single(f => f.FieldType == typeof(IConsumerGroupMetadata));
                if (generation.GetValue(membership) is not null) generation.SetValue(membership, stranger.ConsumerGroupMetadata);
            }
        };
    }

    private static object? Field(object of, Func<FieldInfo, bool> which) => of.GetType().GetFields(Private).Single(which).GetValue(of);
}
