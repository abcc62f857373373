namespace Streams.Streaming.Tests.LocalState;

/// <summary>Placeholder.</summary>
internal static class LargeStateChild
{
    public static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length);
}
