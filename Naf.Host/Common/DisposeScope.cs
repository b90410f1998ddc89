namespace Naf.Host.Common;

/// <summary>What was opened, to be closed together, the last first.</summary>
internal sealed class DisposeScope : IDisposable
{
    private readonly Stack<IDisposable> _opened = new();

    /// <summary>Takes charge of a resource.</summary>
    public T Add<T>(T resource) where T : IDisposable
    {
        _opened.Push(resource);
        return resource;
    }

    /// <summary>What some steps make; when one of them fails, what they opened is closed again.</summary>
    public static T Open<T>(Func<DisposeScope, T> steps)
    {
        var opened = new DisposeScope();
        try
        {
            return steps(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (_opened.TryPop(out IDisposable? resource)) resource.Dispose();
    }
}
