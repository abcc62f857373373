namespace Streams.Cli;

/// <summary>What every command ends with.</summary>
static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int RefusedBySafetyCheck = 3;
    public const int NothingMatched = 4;
    public const int Partial = 5;
}

/// <summary>An error meant for the person at the terminal: what happened and what to do next.</summary>
sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
