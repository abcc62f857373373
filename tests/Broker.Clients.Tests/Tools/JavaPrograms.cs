namespace Streams.Broker.Clients.Tests.Tools;

/// <summary>The programs in java/, compiled once against the jars of ../shared/kafka.</summary>
static class JavaPrograms
{
    private static readonly Lazy<Task<string>> Classes = new(CompileAsync);

    public static string? Missing { get; } = Checkout.ServersMissing("kafka") ?? (Checkout.Program("javac") is null ? "no Java compiler is installed" : null);

    private static string Libraries => Path.Combine(Checkout.Shared!, "kafka", "libs", "*");

    /// <summary>What comes between <c>java</c> and the name of the class.</summary>
    public static async Task<string[]> CommandAsync()
    {
        var logging = Path.Combine(Checkout.Shared!, "kafka", "config", "log4j2.yaml");
        return ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m", $"-Dlog4j2.configurationFile=file:{logging}", "-cp", $"{await Classes.Value}:{Libraries}"];
    }

    private static async Task<string> CompileAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "java");
        var sources = Directory.GetFiles(Path.Combine(Checkout.Root, "tests", "Broker.Clients.Tests", "java"), "*.java");
        await Program.OutputAsync("javac", ["-J-XX:TieredStopAtLevel=1", "-proc:none", "-nowarn", "-d", folder, "-cp", Libraries, .. sources]);
        return folder;
    }
}
