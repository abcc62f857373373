namespace Streams.Cli.Tests;

static class Repository
{
    /// <summary>The checkout's folder.</summary>
    public static string Folder { get; } = Find();

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Streams.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("The tests do not run inside the checkout");
    }
}
