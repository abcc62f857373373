using System.Diagnostics;

namespace Streams.Broker.Planted.Tests;

/// <summary>How a test ended on a broker with a planted bug.</summary>
public enum Verdict
{
    Caught,
    Survived,
}

/// <summary>A copy of the broker's sources, in which bugs are planted one at a time, and copies of the built tests that are run on the result.</summary>
public sealed class Greenhouse
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TestLimit = TimeSpan.FromMinutes(3);
    private readonly string _folder = Path.Combine(Checkout.Root, ".streams", "planted");
    private readonly HashSet<string> _tests = [];

    public Greenhouse()
    {
        if (!Tier.IsFull) return;
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        foreach (var room in new[] { "Schemas", "Broker" }) Copy(Path.Combine(Checkout.Root, "src", room), Path.Combine(_folder, "src", room), Source);
        Build("restored and built without a bug", []);
    }

    private string Broker => Path.Combine(_folder, "src", "Broker");

    /// <summary>Plants the bug, builds, runs its test, and pulls it out again.</summary>
    public (Verdict Verdict, string Output) Try(PlantedBug bug)
    {
        var file = Path.Combine(Broker, bug.File);
        var sound = File.ReadAllText(file);
        var at = sound.IndexOf(bug.Original, StringComparison.Ordinal);
        if (at < 0 || sound.IndexOf(bug.Original, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"'{bug.Original}' does not stand exactly once in {bug.File}: the bug has to be planted anew");
        File.WriteAllText(file, sound.Replace(bug.Original, bug.Replacement, StringComparison.Ordinal));
        try
        {
            Build(bug.Name, ["--no-restore", "--no-dependencies"]);
            return Run(bug);
        }
        finally
        {
            File.WriteAllText(file, sound);
        }
    }

    private (Verdict Verdict, string Output) Run(PlantedBug bug)
    {
        var tests = Path.Combine(_folder, "tests", bug.Project);
        if (_tests.Add(bug.Project)) Copy(Path.Combine(Checkout.Root, "tests", bug.Project, "bin", "Release", "net10.0"), tests, _ => true);
        File.Copy(Path.Combine(Broker, "bin", "Release", "net10.0", "Streams.Broker.dll"), Path.Combine(tests, "Streams.Broker.dll"), overwrite: true);
        var (code, output) = Dotnet(["test", Path.Combine(tests, $"Streams.{bug.Project}.dll"), "--nologo", "--filter", $"FullyQualifiedName~{bug.Test}"], TestLimit);
        if (output.Contains("No test matches", StringComparison.Ordinal)) throw new InvalidOperationException($"no test is called {bug.Test}");
        // A test run that the bug brought down or made hang has not passed.
        return (code == 0 ? Verdict.Survived : Verdict.Caught, output);
    }

    private void Build(string what, string[] options)
    {
        var (code, output) = Dotnet(["build", Broker, "-c", "Release", "-v", "quiet", "--nologo", .. options], BuildLimit);
        if (code != 0) throw new InvalidOperationException($"{what}: it does not build\n{output}");
    }

    private static (int? Code, string Output) Dotnet(string[] arguments, TimeSpan limit)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (process.WaitForExit(limit)) return (process.ExitCode, output.Result + error.Result);
        process.Kill(entireProcessTree: true);
        return (null, $"not done within {limit}");
    }

    private static bool Source(string relative) => !relative.StartsWith("obj", StringComparison.Ordinal) && !relative.StartsWith("bin", StringComparison.Ordinal);

    private static void Copy(string from, string to, Func<string, bool> wanted)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (!wanted(relative)) continue;
            var target = Path.Combine(to, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}
