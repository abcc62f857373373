using Streams.Cli;
using Streams.Cli.Roles;
using Streams.Testing;

namespace Streams.Cli.Tests;

public sealed class RoleSettingsTests
{
    [Fact]
    public void The_documented_example_is_read()
    {
        var settings = RoleSettings.Load(Path.Combine(Checkout.Root, "docs", "streams.example.json"));

        Assert.Equal("acme", settings.Tenant);
        Assert.Equal("telemetry", Assert.Single(settings.Keys).Source);
        Assert.Equal(TimeSpan.FromSeconds(100), settings.Posting.CallTimeout);
    }

    [Theory]
    [InlineData("{\"tenannt\": \"x\"}", "tenannt")]
    [InlineData("{\"threads\": \"many\"}", "threads")]
    [InlineData("{\"advertisedAddress\": \"http://here\"}", "advertisedAddress")]
    [InlineData("{\"advertisedAddress\": \"here\"}", "advertisedAddress")]
    [InlineData("{", "--config")]
    public void A_mistake_is_named_and_is_wrong_usage(string json, string named)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, json);
            var e = Assert.Throws<CommandException>(() => RoleSettings.Load(file));
            Assert.Equal(ExitCodes.WrongUsage, e.ExitCode);
            Assert.Contains(named, e.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
