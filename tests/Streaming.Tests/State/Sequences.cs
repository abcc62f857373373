using System.Globalization;
using Streams.Testing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Streams.Streaming.Tests.State;

/// <summary>Runs a check over many seeds; a failure names its seed, and STREAMS_SEED=… runs that one alone.</summary>
internal static class Sequences
{
    public static void Run(ITestOutputHelper output, Action<Random> check, int full = 12_000)
    {
        if (Environment.GetEnvironmentVariable("STREAMS_SEED") is { } one)
        {
            check(new Random(int.Parse(one, CultureInfo.InvariantCulture)));
            return;
        }
        var count = Tier.Of(300, full);
        var first = Random.Shared.Next(1_000_000_000);
        output.WriteLine($"{count} sequences, seeds from {first}");
        for (var i = 0; i < count; i++)
        {
            try
            {
                check(new Random(first + i));
            }
            catch (Exception e)
            {
                throw new XunitException($"STREAMS_SEED={first + i}: {e.Message}", e);
            }
        }
    }

    /// <summary>The check finds the planted bug within as many sequences as it runs daily.</summary>
    public static void Catches(Action<Random> check)
    {
        for (var seed = 0; seed < 400; seed++)
        {
            try
            {
                check(new Random(seed));
            }
            catch (XunitException)
            {
                return;
            }
        }
        Assert.Fail("nobody noticed the bug");
    }
}
