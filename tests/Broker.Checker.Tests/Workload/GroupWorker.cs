using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>Reads in a group and commits its offsets; leaves now and then and comes back as another member.</summary>
internal sealed class GroupWorker(Run run, int client, string group)
{
    public void Work()
    {
        var random = run.RandomFor(client);
        while (run.Going)
        {
            using var member = new GroupMember(run, client, group);
            for (var i = random.Next(100, 400); i > 0 && run.Going; i--) Step(member, random);
        }
    }

    private void Step(GroupMember member, Random random)
    {
        var poll = run.Journal.Invoke(client, OperationKind.Poll);
        try
        {
            member.Poll(poll, random.Next(1, 100));
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            run.Seen("a poll answered with an error");
        }
        run.Journal.Complete(poll, Outcome.Ok);
        var offsets = member.Progress.ToList();
        if (offsets.Count > 0) Commit(member, offsets);
    }

    private void Commit(GroupMember member, List<GroupOffset> offsets)
    {
        var commit = run.Journal.Invoke(client, OperationKind.Commit);
        commit.Offsets.AddRange(offsets);
        try
        {
            member.Commit(offsets);
            run.Journal.Complete(commit, Outcome.Ok);
        }
        catch (KafkaException e)
        {
            run.Seen("a group commit without success");
            if (e.Error.Code is ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.RebalanceInProgress) run.Seen("a group commit refused because of a rebalance");
            run.Journal.Complete(commit, Outcome.Info);
        }
    }
}
