namespace Streams.Testing;

/// <summary>Where the tests run, and what stands beside the checkout.</summary>
public static class Checkout
{
    /// <summary>The folder with Streams.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>../shared, or null where it is missing.</summary>
    public static string? Shared { get; } = Directory.Exists(Path.Combine(Path.GetDirectoryName(Root)!, "shared")) ? Path.Combine(Path.GetDirectoryName(Root)!, "shared") : null;

    /// <summary>The full path of a program on the PATH, or null.</summary>
    public static string? Program(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Why the real servers of ../shared cannot be used here, or null.</summary>
    public static string? ServersMissing(string name) =>
        Shared is null || !File.Exists(Path.Combine(Shared, name, name)) ? $"../shared/{name} is not beside the checkout" : Program("java") is null ? "Java is not installed" : null;

    /// <summary>Why the recorded data of ../shared cannot be used here, or null.</summary>
    public static string? DataMissing { get; } = Shared is null || !Directory.Exists(Path.Combine(Shared, "data")) ? "../shared/data is not beside the checkout" : null;

    /// <summary>A file of the recorded data.</summary>
    public static string Data(string file) => Path.Combine(Shared!, "data", file);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Streams.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("the tests do not run inside the checkout");
    }
}
