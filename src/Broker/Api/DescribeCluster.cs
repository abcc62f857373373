using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeCluster 0.</summary>
internal static class DescribeCluster
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeCluster, 0, 0, 0, Handle);

    private static Task Handle(Request request)
    {
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteError(ErrorCode.None);
        response.WriteString(null);
        response.WriteString(request.Node.ClusterId);
        response.WriteInt32(Node.Id);
        response.WriteArrayLength(1);
        response.WriteInt32(Node.Id);
        response.WriteString("127.0.0.1");
        response.WriteInt32(request.Node.Port);
        response.WriteString(null);
        response.WriteTags();
        response.WriteInt32(int.MinValue);
        response.WriteTags();
        return Task.CompletedTask;
    }
}
