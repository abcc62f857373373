namespace Streams.Cli;

/// <summary>Waits for the end that somebody else decides: Ctrl-C, SIGTERM.</summary>
static class Termination
{
    public static async Task WaitAsync(CancellationToken cancel)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            // That is the end waited for.
        }
    }
}
