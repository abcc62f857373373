using System.Diagnostics;
using Streams.Broker.Checker.Tests.Workload;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>A small file system in memory that is filled to the last byte and freed again. Needs root.</summary>
internal sealed class FullDisk : Nemesis
{
    private readonly string _folder;
    private readonly EmbeddedProcess _server;

    private FullDisk(string folder, EmbeddedProcess server)
        : base("full disk", server)
    {
        (_folder, _server) = (folder, server);
    }

    /// <summary>The nemesis, or null where this user may not mount.</summary>
    public static FullDisk? TryMount()
    {
        var folder = Directory.CreateTempSubdirectory("streams-full-").FullName;
        if (Execute("mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder)) return new FullDisk(folder, new EmbeddedProcess(Path.Combine(folder, "data")));
        Directory.Delete(folder);
        return null;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Execute("umount", _folder);
        Directory.Delete(_folder);
    }

    protected override async Task<bool> StrikeAsync(Run run, Random random)
    {
        run.Journal.Fault(Name);
        var ballast = Path.Combine(_folder, "ballast");
        Fill(ballast);
        await Task.Delay(random.Next(200, 2000));
        File.Delete(ballast);
        if (!_server.HasEnded) return true;
        run.Seen("the broker ended on a full disk");
        await _server.KillAsync();
        await _server.ResumeAsync();
        return true;
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var (block, written) = (new byte[1 << 20], 0L);
        while (block.Length > 0)
        {
            try
            {
                RandomAccess.Write(file.SafeFileHandle, block, written);
                written += block.Length;
            }
            catch (IOException)
            {
                block = new byte[block.Length / 4];
            }
        }
    }

    private static bool Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
