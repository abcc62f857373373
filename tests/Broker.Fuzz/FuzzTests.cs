using System.Diagnostics;
using Xunit.Abstractions;

namespace Streams.Broker.Fuzz;

/// <summary>Frames that no client should send, at a broker in a child process: it answers or refuses each, and lives.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20261121;

    /// <summary>At least 2 million frames in the full run, 100,000 daily.</summary>
    [Fact]
    public async Task No_frame_harms_the_broker()
    {
        var last = Path.Combine(Path.GetTempPath(), $"streams-fuzz-last-{Guid.NewGuid():N}");
        string[] arguments = [typeof(FuzzTests).Assembly.Location, "fuzz", $"{Seed}", $"{Tier.Of(100_000, 2_000_000)}", last];
        using var child = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = child.StandardError.ReadToEndAsync();
        var printed = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        output.WriteLine(printed);
        var frame = File.Exists(last) ? Convert.ToHexString(await File.ReadAllBytesAsync(last)) : "not kept";
        Assert.True(child.ExitCode == 0, $"the child ended with {child.ExitCode}\n{printed}\n{await errors}\nlast frame: {frame}");
    }
}
