using Streams.Cli.Commands;
using Streams.Cli.Rating;

namespace Streams.Cli.Replay;

/// <summary>The steps of a document of the stream, from a replay that must make the bytes on record.</summary>
static class StreamExplanation
{
    public static Task<int> PrintAsync(KafkaSettings kafka, string? id, string? line, CancellationToken cancel) => KafkaInputs.GuardedAsync(async () =>
    {
        if (id is null) throw new CommandException(ExitCodes.WrongUsage, "--document is needed: which document of the stream?");
        var (recorded, _) = RecordedDocument.Find(kafka.ToClientConfig(), id);
        using var replays = await UsageReplays.OpenAsync(kafka, cancel);
        var made = await ReplayedAsync(replays, recorded, cancel);
        if (made.Sha256 != recorded.Sha256) throw new CommandException(ExitCodes.Failed, $"{id}: the topics make another document than the one on record; see streams rate verify");
        return InvoiceSteps.Print(made.Document, line, Console.Out) ? ExitCodes.Done : throw new CommandException(ExitCodes.NothingMatched, $"{id} has no line {line}; it has {made.Document.Lines.Count} lines");
    });

    static async Task<Aggregators.Replay.ReplayedDocument> ReplayedAsync(UsageReplays replays, RecordedDocument recorded, CancellationToken cancel)
    {
        Aggregators.Replay.ReplayedDocument? found = null;
        var replay = replays.Of(recorded.Partition, made =>
        {
            if (made.Document.Id == recorded.Id) found = made;
        });
        await ProgressBar.RunAsync("replaying", report => Task.Run(() => replays.Run(recorded.Partition, recorded.Through, report, cancel, replay), cancel));
        return found ?? throw new CommandException(ExitCodes.Failed, $"{recorded.Id}: the topics do not make this document");
    }
}
