using System.CommandLine;

namespace Streams.Cli.Commands;

/// <summary>The options of commands that read the topics of a running pipeline.</summary>
sealed class KafkaInputs
{
    readonly Option<string?> _bootstrap = SharedOptions.BootstrapServer();
    readonly Option<string?> _registry = SharedOptions.Registry();
    readonly Option<string[]> _settings = SharedOptions.ClientSettings();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _bootstrap, _registry, _settings }) command.Add(option);
    }

    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_bootstrap) is not null;

    public KafkaSettings Of(ParseResult parsed) => parsed.Kafka(_bootstrap, _registry, _settings);

    /// <summary>Runs what replays topics: a replay that would prove nothing is refused.</summary>
    public static async Task<T> GuardedAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Aggregators.Replay.ReplayException e)
        {
            throw new CommandException(ExitCodes.RefusedBySafetyCheck, e.Message);
        }
    }
}
