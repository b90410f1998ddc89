using System.Numerics;
using System.Runtime.CompilerServices;

namespace Naf.Kernels.Observation;

/// <summary>A vector of three components, in metres or radians depending on its use.</summary>
internal readonly record struct Vec3<T>(T X, T Y, T Z) where T : IFloatingPointIeee754<T>
{
    /// <summary>The unit vector along axis 0, 1 or 2.</summary>
    public static Vec3<T> Unit(int axis) =>
        new(axis == 0 ? T.One : T.Zero, axis == 1 ? T.One : T.Zero, axis == 2 ? T.One : T.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> operator +(Vec3<T> a, Vec3<T> b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> operator -(Vec3<T> a, Vec3<T> b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> operator *(T s, Vec3<T> a) => new(s * a.X, s * a.Y, s * a.Z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> Cross(Vec3<T> a, Vec3<T> b) =>
        new(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Dot(Vec3<T> a, Vec3<T> b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z;

    public Vec3<TTo> To<TTo>() where TTo : IFloatingPointIeee754<TTo> =>
        new(TTo.CreateChecked(X), TTo.CreateChecked(Y), TTo.CreateChecked(Z));
}

/// <summary>A unit quaternion in MuJoCo's order (w, x, y, z): the rotation by 2 acos(w) about (x, y, z).</summary>
internal readonly record struct Quat<T>(T W, T X, T Y, T Z) where T : IFloatingPointIeee754<T>
{
    public static Quat<T> Identity => new(T.One, T.Zero, T.Zero, T.Zero);

    /// <summary>q / |q|; the identity when q vanishes, as in MuJoCo.</summary>
    public Quat<T> Normalized()
    {
        T norm = T.Sqrt(W * W + X * X + Y * Y + Z * Z);
        if (norm < T.CreateChecked(1e-15)) return Identity;
        T inverse = T.One / norm;
        return new(W * inverse, X * inverse, Y * inverse, Z * inverse);
    }

    /// <summary>q or −q, the same rotation, with w ≥ 0.</summary>
    public Quat<T> WithPositiveW() => W < T.Zero ? new(-W, -X, -Y, -Z) : this;

    /// <summary>The quaternion at an index of qpos.</summary>
    public static Quat<T> At(ReadOnlySpan<T> qpos, int i) => new(qpos[i], qpos[i + 1], qpos[i + 2], qpos[i + 3]);

    public Quat<TTo> To<TTo>() where TTo : IFloatingPointIeee754<TTo> =>
        new(TTo.CreateChecked(W), TTo.CreateChecked(X), TTo.CreateChecked(Y), TTo.CreateChecked(Z));
}
