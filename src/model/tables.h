// The list of all field tables. Private to this room: *_fields.cpp hold them, table.h walks them.
#pragma once

#include "model/fields.h"

namespace tutti::model {

template <>
std::span<const Field<Hook>> fields<Hook>();
template <>
std::span<const Field<WatchTrigger>> fields<WatchTrigger>();
template <>
std::span<const Field<Develop>> fields<Develop>();
template <>
std::span<const Field<Build>> fields<Build>();
template <>
std::span<const Field<FileObject>> fields<FileObject>();
template <>
std::span<const Field<FileReference>> fields<FileReference>();
template <>
std::span<const Field<DeviceRequest>> fields<DeviceRequest>();
template <>
std::span<const Field<DiscreteResource>> fields<DiscreteResource>();
template <>
std::span<const Field<GenericResource>> fields<GenericResource>();
template <>
std::span<const Field<Resource>> fields<Resource>();
template <>
std::span<const Field<Resources>> fields<Resources>();
template <>
std::span<const Field<UpdateConfig>> fields<UpdateConfig>();
template <>
std::span<const Field<RestartPolicy>> fields<RestartPolicy>();
template <>
std::span<const Field<PlacementPreference>> fields<PlacementPreference>();
template <>
std::span<const Field<Placement>> fields<Placement>();
template <>
std::span<const Field<Deploy>> fields<Deploy>();
template <>
std::span<const Field<Volume>> fields<Volume>();
template <>
std::span<const Field<BindOptions>> fields<BindOptions>();
template <>
std::span<const Field<VolumeOptions>> fields<VolumeOptions>();
template <>
std::span<const Field<TmpfsOptions>> fields<TmpfsOptions>();
template <>
std::span<const Field<ImageOptions>> fields<ImageOptions>();
template <>
std::span<const Field<Mount>> fields<Mount>();
template <>
std::span<const Field<Device>> fields<Device>();
template <>
std::span<const Field<IpamPool>> fields<IpamPool>();
template <>
std::span<const Field<Ipam>> fields<Ipam>();
template <>
std::span<const Field<Network>> fields<Network>();
template <>
std::span<const Field<Attachment>> fields<Attachment>();
template <>
std::span<const Field<Port>> fields<Port>();
template <>
std::span<const Field<Dependency>> fields<Dependency>();
template <>
std::span<const Field<Healthcheck>> fields<Healthcheck>();
template <>
std::span<const Field<Logging>> fields<Logging>();
template <>
std::span<const Field<EnvFile>> fields<EnvFile>();
template <>
std::span<const Field<Extends>> fields<Extends>();
template <>
std::span<const Field<Provider>> fields<Provider>();
template <>
std::span<const Field<CredentialSpec>> fields<CredentialSpec>();
template <>
std::span<const Field<ModelUse>> fields<ModelUse>();
template <>
std::span<const Field<WeightDevice>> fields<WeightDevice>();
template <>
std::span<const Field<ThrottleDevice>> fields<ThrottleDevice>();
template <>
std::span<const Field<Blkio>> fields<Blkio>();
template <>
std::span<const Field<Service>> fields<Service>();
template <>
std::span<const Field<AiModel>> fields<AiModel>();
template <>
std::span<const Field<Project>> fields<Project>();

}  // namespace tutti::model
